"""`studio import` and `studio export`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from studio.cli.options import JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.core.errors import BadInput

if TYPE_CHECKING:
    from studio.formats import ImportPlan
    from studio.ingest import ImportReport

CLASSES_SHOWN: Final = 10


def import_(
    *,
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="The data set's folder, or one annotation file.", show_default=False),
    ],
    project: ProjectArgument,
    format_name: Annotated[
        str | None, typer.Option("--format", help="Such as coco, cvat, voc or yolo; by default what the layout says.")
    ] = None,
    valid: Annotated[
        str | None,
        typer.Option(help="What to hold out: a share (0.2), a file of names, or groups and subjects (13,14 or 13-15)."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(help="Which labels, where there are several: codes or color; for VOC masks, boxes or both."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="For a plain folder: segmentation, keypoints, single-label or multi-label.")
    ] = None,
    classes: Annotated[str | None, typer.Option(help="Names of the classes, separated by commas.")] = None,
    keypoints: Annotated[str | None, typer.Option(help="Names of the keypoints, separated by commas.")] = None,
    uncovered: Annotated[
        str | None, typer.Option(help="What pixels are that no shape covers: background or unlabelled.")
    ] = None,
    stroke: Annotated[str | None, typer.Option(help="Width in pixels at which lines and points are painted.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of a random split.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything and say what would come, without writing anything.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring a data set or a folder of images into PROJECT, which is made where it does not exist.

    The images stay where they are. Importing again adds what is new and never overwrites a label.
    """
    from studio.ingest import import_into

    output = Output(as_json=as_json)
    given = {"valid": valid, "form": form, "task": task, "classes": classes, "keypoints": keypoints}
    given |= {"uncovered": uncovered, "stroke": stroke, "seed": None if seed is None else str(seed)}
    answers = {name: value for name, value in given.items() if value is not None}
    format_name, plan = _plan(output, source, format_name, answers)
    if dry_run:
        _tell_preview(output, project, plan)
        return
    with output.progress("Importing labels") as progress, _interruptible() as interrupted:
        report = import_into(project, plan, progress=progress, cancelled=interrupted)
    _tell_report(output, project, format_name, plan, report)


def _plan(output: Output, source: Path, format_name: str | None, answers: dict[str, str]) -> tuple[str, ImportPlan]:
    """The format, as named or by the layout, and what is there. Raises BadInput, also where a damaged file of
    annotations lies among pictures and nobody said that these are wanted without."""
    from studio.formats import importer, recognise, source_for

    if format_name is None:
        recognised = recognise(source)
        format_name, folder = recognised.format, recognised.source
        if recognised.damage is not None:
            without = f"or import without it by --format {format_name}"
            raise BadInput(f"{recognised.damage.sentence.removesuffix('.')}, {without}.")
    else:
        folder = source_for(format_name, source)
    if source.is_file() and folder.is_dir():
        output.say(f"Importing {folder}, the folder in which {source.name} lies.")
    plan = importer(format_name).plan(folder, **answers)
    output.event("found", format=format_name, source=str(folder), sentence=plan.found)
    output.say(plan.found)
    return format_name, plan


def _tell_report(output: Output, project: Path, format_name: str, plan: ImportPlan, report: ImportReport) -> None:
    output.problems(report.problems)
    output.result(
        "imported",
        report.sentence,
        project=str(project.absolute()),
        format=format_name,
        items=report.items,
        by_split=report.by_split,
        labelled=report.labelled,
        classes=len(plan.settings.classes),
        void=[c.name for c in plan.settings.classes if c.void],
        keypoints=[k.name for k in plan.settings.keypoints],
        problems=len(report.problems),
    )
    if report.cancelled:
        raise typer.Exit(1)


def _tell_preview(output: Output, project: Path, plan: ImportPlan) -> None:
    from studio.import_check import check_import

    with output.progress("Reading labels") as progress, _interruptible() as interrupted:
        preview = check_import(project, plan, progress=progress, cancelled=interrupted)
    output.problems(preview.problems)
    output.result(
        "checked",
        preview.sentence,
        project=str(project.absolute()),
        items=preview.items,
        by_split=preview.by_split,
        known=preview.known,
        labels_kept=preview.labels_kept,
        labelled=preview.labelled,
        shapes=preview.shapes,
        unit=preview.unit,
        classes=[{"name": c.name, "amount": c.amount, "items": c.items} for c in preview.classes],
        problems=len(preview.problems),
    )
    most = sorted(preview.classes, key=lambda each: -each.amount)[:CLASSES_SHOWN]
    output.table(("class", preview.unit, "items"), [(c.name, f"{c.amount:,}", f"{c.items:,}") for c in most])
    if len(preview.classes) > len(most):
        output.say(f"… and {len(preview.classes) - len(most):,} more with fewer {preview.unit}; --json lists them all")
    output.say("Nothing was written.")
    if preview.cancelled:
        raise typer.Exit(1)


def export(
    project: ProjectArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.", show_default=False)],
    format_name: Annotated[
        str | None, typer.Option("--format", help="Such as camvid, csv or coco; by default what fits the task.")
    ] = None,
    images: Annotated[bool, typer.Option("--images/--no-images", help="Copy the pictures as well.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Write every item that is not left out, its label as it is now, into the new folder OUT."""
    from studio.export import export_project
    from studio.formats import exporters
    from studio.store import Store

    output = Output(as_json=as_json)
    with Store.open(project) as store, output.progress("Exporting") as progress:
        chosen = format_name or next(e.name for e in exporters() if store.settings.task in e.tasks)
        report = export_project(store, out, format_name=chosen, images=images, progress=progress)
    output.problems(report.problems)
    output.result(
        "exported",
        report.sentence,
        out=str(out.absolute()),
        format=chosen,
        items=report.items,
        labelled=report.labelled,
        problems=len(report.problems),
    )


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl+C sets a flag: the label in hand is finished, and the project stays whole."""
    pressed = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
