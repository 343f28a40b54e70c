"""`studio tensorboard`: runs that there are, as files for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.events import read_events
from studio.store import RunRecord, Store


def tensorboard(
    project: ProjectArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="What `tensorboard --logdir` is given.", show_default=False)
    ],
    run: Annotated[
        list[str] | None, typer.Option("--run", metavar="RUN", help="This run, such as 0003; by default all.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write what runs said into DIR/RUN as event files: losses, metrics, rates, the finder's curve, recipe, masks."""
    from studio.ml.event_log import EVENTS_FILE
    from studio.ml.tensorboard_files import event_files

    output = Output(as_json=as_json)
    with Store.open(project) as store:
        records = _wanted(store, run)
    taken = [out / record.id for record in records if any((out / record.id).glob("*"))]
    if taken:
        raise BadInput(f"{taken[0]} has files already; name another folder, or remove it.")
    with output.progress("Writing runs") as progress:
        for done, record in enumerate(records, start=1):
            with event_files(out / record.id, record.folder, record.spec) as hear:
                for event in read_events(record.folder / EVENTS_FILE):
                    hear(event)
            progress(done, len(records))
    output.result(
        "written",
        f"{counted(len(records), 'run')} in {out}; look at them with `tensorboard --logdir {out}`.",
        out=str(out.absolute()),
        runs=[record.id for record in records],
    )


def _wanted(store: Store, ids: list[str] | None) -> list[RunRecord]:
    """Raises UnknownRun, and BadInput where the project has none."""
    records = [store.run(run_id) for run_id in ids] if ids else store.runs()
    if not records:
        raise BadInput(f"{store.root} has no run yet; train one with `studio train {store.root}`.")
    return records
