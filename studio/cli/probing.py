"""`--batch auto`: a run that tries batches of growing size before the one that is asked for."""

from __future__ import annotations

from typing import Final

import msgspec
import typer

from studio.cli.output import Output
from studio.cli.run_watch import carry_out, exit_code
from studio.core.events import BatchFound
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.store import Store

AUTO: Final = "auto"


def with_probed_batches(store: Store, spec: RunSpec, output: Output, *, device: str) -> RunSpec:
    """The recipe with each stage's batch of the size that its probe found. The probes' runs are deleted again. Raises
    typer.Exit where one ends without an answer."""
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
    record, outcome = carry_out(store, probe, output, device=device)
    sizes = [event.batch_size for event in store.run_events(record.id) if isinstance(event, BatchFound)]
    if not sizes:
        raise typer.Exit(exit_code(outcome))
    store.delete_run(record.id)
    return sizes[-1]
