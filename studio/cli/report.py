"""`studio report`: what a fine-tuning fixed and broke, item by item."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import JsonOption, ProjectArgument, RunOption
from studio.cli.output import Output
from studio.core.metric_change import metric_figures
from studio.core.report import Report, ReportRow, Verdict, error_figure
from studio.reports import PICTURED_ITEMS, RunReport, read_report, save_report
from studio.store import Store


def report(
    project: ProjectArgument,
    run: RunOption,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.html", help="Write it as one page with pictures instead."),
    ] = None,
    pictures: Annotated[
        int,
        typer.Option("--pictures", metavar="N", min=0, help="Of so many items, those whose error changed most."),
    ] = PICTURED_ITEMS,
    as_json: JsonOption = False,
) -> None:
    """Compare RUN, which was fine-tuned on corrections, with the run it started from: item by item, by class, and
    whether it could be chance."""
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        if out is None or as_json:
            show_report(read_report(store, run), output)
        if out is not None:
            with output.progress("Drawing") as progress:
                saved = save_report(store, run, out.absolute(), pictured=pictures, progress=progress)
            output.result("saved", saved.sentence, path=str(saved.path), pictured=saved.pictured, changed=saved.changed)


def show_report(told: RunReport, output: Output) -> None:
    """An event for each item; for people those that changed or were corrected, and the sentences."""
    report = told.report
    for row in report.rows:
        output.event(
            "compared",
            item=row.item,
            name=row.name,
            split=row.split,
            verdict=row.verdict,
            before=row.before,
            after=row.after,
            corrected=row.corrected,
            decision=row.decision,
        )
    shown = [row for row in report.rows if row.verdict in (Verdict.FIXED, Verdict.BROKEN) or row.apart]
    if shown:
        rows = [_row(row, report) for row in shown]
        output.table(("item", "split", "before", "after", "verdict", ""), rows, title="Before and after")
    output.event(
        "report",
        sentence=" ".join(report.summary),
        run=told.run,
        parent=told.parent,
        metrics=told.metrics,
        frozen=told.frozen,
        fixed=report.total.fixed,
        broken=report.total.broken,
        unchanged=report.total.unchanged,
        untouched=report.untouched,
        corrected=report.corrected,
        chance=report.chance,
        by_class=report.by_class,
    )
    for change in told.metrics:
        other = f" ({change.difference})" if change.difference else ""
        output.say(f"{change.name} {metric_figures(change)}{other}")
    for sentence in (told.frozen.sentence, *report.summary):
        output.say(sentence)


def _row(row: ReportRow, report: Report) -> tuple[str, ...]:
    before, after = (
        error_figure(error, report.task) if error is not None else "–" for error in (row.before, row.after)
    )
    label = "corrected" if row.corrected else "label changed" if row.label_changed else ""
    return (row.name, row.split.value, before, after, row.verdict.value, label)
