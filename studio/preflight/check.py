"""The look as a whole. What the database knows comes at once; files are read only where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.core.errors import StudioError
from studio.core.items import Item, LabelState, Split
from studio.core.settings import Task
from studio.preflight.classes import class_findings
from studio.preflight.findings import Finding, Fix, FixKind
from studio.preflight.label_look import LabelLook
from studio.preflight.twins import DocumentLook, PictureLook, Twins
from studio.preflight.wording import items_in_words, what_was_looked_at
from studio.store import ItemFilter, Store

USED: Final = (Split.TRAIN, Split.VALID)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Checked:
    """`cancelled`: not every file was read, so there may be more to find. `looked_at` says in a few sentences what was
    looked at, and how much has no label yet."""

    findings: tuple[Finding, ...]
    cancelled: bool = False
    looked_at: str = ""


def check_data(
    root: Path,
    *,
    files: bool = True,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Checked:
    """What stands in the way of a good run on the labelled items of the train and valid splits.

    `files`: read every picture and label, too. Opens the project for itself, so that it may run on any thread.
    """
    with Store.open(root) as store:
        findings, items = class_findings(store), _used(store)
        unlabelled = store.item_count(ItemFilter(states=(LabelState.UNLABELLED,), splits=USED))
        task = store.settings.task
        if not files:
            return Checked(tuple(findings), looked_at=what_was_looked_at(task, len(items), unlabelled, files=False))
        look, read = _FilesLook(store), 0
        for item in items:
            if cancelled():
                break
            look.at(item)
            read += 1
            if progress is not None:
                progress(read, len(items))
        return Checked(
            (*look.findings(cancelled), *findings),
            cancelled=cancelled(),
            looked_at=what_was_looked_at(task, read, unlabelled, files=True),
        )


def _used(store: Store) -> list[Item]:
    wanted = ItemFilter(states=(LabelState.LABELLED,), splits=USED)
    return store.items(store.item_ids(wanted))


class _FilesLook:
    """Reads the file of one item after the other and remembers what is odd."""

    def __init__(self, store: Store) -> None:
        self._labels = LabelLook(store)
        self._twins = Twins(DocumentLook() if store.settings.task is Task.TEXT else PictureLook())
        self._unreadable: list[tuple[Item, str]] = []

    def at(self, item: Item) -> None:
        try:
            self._twins.add(item)
        except StudioError as error:
            self._unreadable.append((item, error.sentence))
        else:
            self._labels.at(item)

    def findings(self, cancelled: Callable[[], bool]) -> Sequence[Finding]:
        twins = [] if cancelled() else self._twins.findings(cancelled)
        return [*self._unreadable_findings(), *self._labels.findings(), *twins]

    def _unreadable_findings(self) -> list[Finding]:
        if not self._unreadable:
            return []
        items = tuple(item.id for item, _ in self._unreadable)
        first = self._unreadable[0][1]
        sentence = first if len(items) == 1 else f"{items_in_words(len(items))} cannot be read; the first: {first}"
        return [
            Finding(
                sentence=sentence,
                items=items,
                fixes=(Fix(kind=FixKind.LEAVE_OUT, words=f"Leave {_them(items)} out", items=items),),
            )
        ]


def _them(items: Sequence[int]) -> str:
    return "it" if len(items) == 1 else f"all {len(items):,}"
