"""`studio history`: the rounds of the loop, one line each."""

from __future__ import annotations

from studio.cli.options import JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.core.counting import counted
from studio.reports import Round, read_history
from studio.store import Store


def history(project: ProjectArgument, as_json: JsonOption = False) -> None:
    """List every training and fine-tuning that ended in order: the labels made and the minutes spent on them by then,
    the validation metric, and whether its model was kept.

    Minutes are the gaps between edits and decisions that are shorter than two minutes.
    """
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        told = read_history(store)
    for entry in told.rounds:
        output.event("round", **_data(entry))
    if told.rounds:
        rows = [_row(entry) for entry in told.rounds]
        output.table(("round", "run", "labels", "minutes", "validated on", "metric", "", "model", "note"), rows)
    if told.caution:
        output.say(told.caution)
    last = told.rounds[-1] if told.rounds else None
    spent = f"; {counted(last.labels, 'label')} made in {last.minutes:.0f} min" if last is not None else ""
    output.result(
        "history",
        f"{counted(len(told.rounds), 'round')}{spent}.",
        rounds=len(told.rounds),
        validated_alike=told.validated_alike,
    )


def _data(entry: Round) -> dict[str, object]:
    return {
        "round": entry.number,
        "run": entry.run,
        "parent": entry.parent,
        "time": entry.time,
        "labels": entry.labels,
        "minutes": round(entry.minutes, 2),
        "corrections": entry.corrections,
        "valid_items": entry.valid_items,
        "valid_learnt": entry.valid_learnt,
        "metrics": entry.metrics,
        "model": entry.standing,
        "note": entry.note,
    }


def _row(entry: Round) -> tuple[str, ...]:
    return (
        str(entry.number),
        entry.run,
        f"{entry.labels:,}",
        f"{entry.minutes:.1f}",
        "" if entry.valid_items is None else f"{entry.valid_items:,}",
        entry.main.name,
        f"{entry.main.value:.4g}",
        entry.standing.value,
        entry.note,
    )
