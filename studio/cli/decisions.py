"""`studio decide` and `studio decisions`."""

from __future__ import annotations

import csv
import enum
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import typer

from studio.cli.options import JsonOption, ProjectArgument, RunOption
from studio.cli.output import Output
from studio.cli.review import load_scores
from studio.core.counting import counted
from studio.core.deciding import (
    AcceptRegion,
    Act,
    Answer,
    Ask,
    ClearNote,
    Decide,
    Deed,
    GiveClass,
    JournalEntry,
    in_words,
)
from studio.core.errors import BadInput
from studio.core.review import Decision
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.store import Store

_PAGE: Final = 1000
_COLUMNS: Final = ("when", "who", "run", "item", "decision", "before", "after", "note", "state")


class Verdict(enum.StrEnum):
    """What can be said about an item without looking at it in the window."""

    ACCEPT = "accept"
    LABEL_RIGHT = "label-right"
    LEAVE_OUT = "leave-out"
    RELABEL = "relabel"
    ASK = "ask"
    ANSWER = "answer"
    CLEAR_NOTE = "clear-note"


_DECISIONS: Final = {
    Verdict.ACCEPT: Decision.ACCEPTED,
    Verdict.LABEL_RIGHT: Decision.LABEL_RIGHT,
    Verdict.LEAVE_OUT: Decision.LEFT_OUT,
}


VerdictArgument = Annotated[
    Verdict,
    typer.Argument(
        help="Take the prediction, keep the label, leave the item out, give it another class, "
        "or put a question about it and answer that."
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="X,Y", help="accept: only the region of difference around this pixel of a mask."),
]
ClassOption = Annotated[
    str | None, typer.Option("--class", metavar="NAME", help="relabel: the class; several tags: add it.")
]
WithoutOption = Annotated[bool, typer.Option("--without", help="relabel: take the tag away instead of adding it.")]


def decide(
    project: ProjectArgument,
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Names of items.", show_default=False)],
    decision: VerdictArgument,
    run: RunOption,
    *,
    at: AtOption = None,
    label_class: ClassOption = None,
    without: WithoutOption = False,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="ask, answer: what to say.")] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="NAME", help="Your name in the journal.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the Review page's keys say: the prediction is right, the label is right, it should be another class, the
    item is to be left out, or somebody has to be asked.

    Each is kept in the journal, all of one command as one step, which can be undone in the window.
    """
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        deed = _deed(decision, store.settings, at=at, label_class=label_class, without=without, text=text)
        load_scores(store, run)
        store.review.who = store.review.who if who is None else who
        batch = store.review.new_batch()
        for name in items:
            item = store.item_named(name).id
            did = store.review.act(run, item, deed, batch=batch)
            said = _DECISIONS.get(decision, decision).value
            words = said
            if decision is Verdict.LABEL_RIGHT and store.review.decisions_of(run, [item])[item] is Decision.EDITED:
                said, words = Decision.EDITED.value, Act.CONFIRMED.value
            output.result(
                "decided",
                f"{name}: {words}" if did else f"{name}: nothing to change",
                item=name,
                decision=said,
                changed=did,
            )
        store.flush()
        corrections = len(store.review.corrections(run))
    output.result(
        "corrections", f"Run {run} has led to {counted(corrections, 'correction')}.", run=run, corrections=corrections
    )


def decisions(
    project: ProjectArgument,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Only this run's.", show_default=False)
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet, on standard output.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List every step of a review, the oldest first: who, when, what, the annotation's revisions before and after.

    Steps that were taken back are listed as such.
    """
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        if run is not None:
            store.run(run)  # told where there is no such run
        ids = store.review.journal_ids(run)[::-1]
        entries = _entries(store, ids)
        if as_csv:
            _write_csv(entries)
        elif as_json:
            for entry in entries:
                output.event("decision", **_told(entry))
            output.event("decisions", steps=len(ids))
        else:
            output.table(_COLUMNS, [_row(entry) for entry in entries])
            output.say(f"{counted(len(ids), 'step')} of review.")


def _deed(
    verdict: Verdict,
    settings: ProjectSettings,
    *,
    at: str | None,
    label_class: str | None,
    without: bool,
    text: str | None,
) -> Deed:
    """Raises BadInput."""
    match verdict:
        case Verdict.ASK | Verdict.ANSWER:
            if not text or not text.strip():
                raise BadInput(f"Say with --text what to {verdict.value}.")
            return Ask(text.strip()) if verdict is Verdict.ASK else Answer(text.strip())
        case Verdict.CLEAR_NOTE:
            return ClearNote()
        case Verdict.RELABEL:
            return _given_class(settings, label_class, without=without)
        case _:
            if at is None:
                return Decide(_DECISIONS[verdict])
            return _region(verdict, settings, at)


def _given_class(settings: ProjectSettings, name: str | None, *, without: bool) -> GiveClass:
    if settings.task not in TAG_TASKS:
        raise BadInput("relabel is for classes of whole items; masks and points are edited in the window.")
    known = {c.name.casefold(): c.id for c in settings.classes}
    if name is None or name.casefold() not in known:
        raise BadInput(f"Name with --class one of {', '.join(c.name for c in settings.classes)}.")
    alone = settings.task is not Task.MULTI_LABEL
    if without and alone:
        raise BadInput("--without takes a tag away; an item with one class gets another one instead.")
    return GiveClass(class_id=known[name.casefold()], has=not without, alone=alone)


def _region(verdict: Verdict, settings: ProjectSettings, at: str) -> AcceptRegion:
    if verdict is not Verdict.ACCEPT or settings.task is not Task.SEGMENTATION:
        raise BadInput("--at goes with accept, and with masks.")
    try:
        x, y = (int(part) for part in at.split(","))
    except ValueError:
        raise BadInput(f"--at {at} names no pixel; write its column and row as 120,45.") from None
    return AcceptRegion(x=x, y=y)


def _entries(store: Store, ids: list[int]) -> Iterator[JournalEntry]:
    for start in range(0, len(ids), _PAGE):
        yield from store.review.journal(ids[start : start + _PAGE])


def _told(entry: JournalEntry) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(entry),
        "when": _when(entry).isoformat(timespec="seconds"),
        "words": in_words(entry),
    }


def _when(entry: JournalEntry) -> datetime:
    return datetime.fromtimestamp(entry.time, UTC)


def _row(entry: JournalEntry) -> tuple[str, ...]:
    return (
        _when(entry).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        entry.who,
        entry.run,
        entry.name,
        in_words(entry),
        str(entry.before),
        str(entry.after),
        entry.note,
        entry.state.value,
    )


def _write_csv(entries: Iterator[JournalEntry]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for entry in entries:
        writer.writerow((_when(entry).isoformat(timespec="seconds"), *_row(entry)[1:]))
