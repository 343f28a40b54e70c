"""`studio production-errors`: what a model got wrong out there comes into the project, scored and ready to be fixed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import DeviceOption, JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.cli.run_watch import exit_code, watch
from studio.core.counting import counted
from studio.production import (
    BroughtIn,
    answers_otherwise,
    begin_scoring,
    bring_in,
    open_model,
    otherwise_in_words,
    pre_label,
)
from studio.store import RunRecord, Store


def production_errors(
    *,
    project: ProjectArgument,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A folder, or a CSV file with the columns image and, where known, predicted and true.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str,
        typer.Option("--model", metavar="RUN|DIR", help="A run of the project, or the folder of an exported model."),
    ],
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Bring in what a model got wrong out there: items of a split of their own, with the model's answers and losses.

    What is known to be true becomes their label; the others are pre-labelled by the model. Then `studio review` and
    `studio decide`, or the window, fix them, and `studio fine-tune` learns them.
    """
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        opened = open_model(store, model)
        with output.progress("Reading labels") as progress:
            brought = bring_in(store, source, progress=progress)
        output.problems(brought.problems)
        _tell_brought(output, brought)
        record = begin_scoring(store, opened, brought.items, source)
        record, outcome = watch(store, record, output, device=device, resume=False)
        if outcome.learnt_something:
            _tell_scored(output, store, project, record)
    raise typer.Exit(exit_code(outcome))


def _tell_brought(output: Output, brought: BroughtIn) -> None:
    output.result(
        "brought_in",
        brought.sentence,
        items=len(brought.items),
        new=brought.new,
        labelled=brought.labelled,
        problems=len(brought.problems),
    )


def _tell_scored(output: Output, store: Store, project: Path, record: RunRecord) -> None:
    """Pre-label what nobody labelled, and say what comes next."""
    proposed = pre_label(store, record.id)
    different, compared = answers_otherwise(store, record.id)
    if words := otherwise_in_words(different, compared):
        output.problems([words])
    counts = store.production.counts(record.id)
    pre_labelled = counted(len(proposed), "item is", "items are")
    output.result(
        "scored",
        f"Run {record.id} has what the model says about {counted(counts.items, 'item')}, "
        f"{counts.learnable:,} of them with a label to learn; {pre_labelled} pre-labelled. "
        f"Next: studio review {project} --run {record.id}, then studio fine-tune {project} --run {record.id}",
        run=record.id,
        items=counts.items,
        learnable=counts.learnable,
        proposed=len(proposed),
        answered_otherwise=different,
        compared=compared,
    )
