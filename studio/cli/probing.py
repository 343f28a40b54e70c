"""`--batch auto`: a run that tries batches of growing size before the one that is asked for."""

from __future__ import annotations

from typing import Final

import msgspec
import typer

from studio.cli.output import Output
from studio.cli.run_watch import exit_code, watch
from studio.core.events import BatchFound
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.store import Store

AUTO: Final = "auto"


def with_probed_batches(store: Store, spec: RunSpec, output: Output, *, device: str) -> RunSpec:
    """The recipe with each stage's batch of the size that its probe found. The probes' runs are deleted again, and
    what they say has their purpose. Raises typer.Exit, never with 0, where one was stopped or found nothing."""
    found: dict[tuple[object, ...], int] = {}
    stages: list[Stage] = []
    for stage in spec.stages:
        alike = (stage.height, stage.width, stage.frozen, stage.unfrozen, stage.language)
        if alike not in found:
            found[alike] = _probed(store, msgspec.structs.replace(spec, stages=(stage,)), output, device=device)
        stages.append(msgspec.structs.replace(stage, batch_size=found[alike]))
    return msgspec.structs.replace(spec, stages=tuple(stages))


def _probed(store: Store, spec: RunSpec, output: Output, *, device: str) -> int:
    probe = msgspec.structs.replace(spec, purpose=Purpose.PROBE)
    record = store.create_run(probe)
    try:
        _, outcome = watch(store, record, output, device=device, resume=False)
        sizes = [event.batch_size for event in store.run_events(record.id) if isinstance(event, BatchFound)]
    finally:
        store.delete_run(record.id)
    if not sizes or outcome.kind is not OutcomeKind.FINISHED:
        code = exit_code(outcome) or 1
        sentence = "No batch size was found, so nothing else was done."
        output.result("failed", sentence, exit_code=code, purpose=Purpose.PROBE)
        raise typer.Exit(code)
    return sizes[-1]
