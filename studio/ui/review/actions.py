"""What a person can ask of the Review page, each with a name, a key and a place in the menu."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from studio.core.settings import TAG_TASKS, Task
from studio.ui.widgets.page_actions import PageActions

_ALL_TASKS: Final = frozenset(Task)
_MASKS: Final = frozenset({Task.SEGMENTATION})


class When(enum.Enum):
    """What has to be there for an action to be of use."""

    SELECTION = enum.auto()
    ITEMS = enum.auto()
    STEPS = enum.auto()
    """Decisions that can be taken back or made again."""
    RUNS = enum.auto()
    ALWAYS = enum.auto()
    """Where something is missing, the page says what."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`keys` begins with the main one; `of_pictures` has them listen only where pictures show."""

    name: str
    text: str
    keys: tuple[str, ...]
    icon: str = ""
    hint: str = ""
    when: When = When.SELECTION
    of_pictures: bool = False
    repeats: bool = True
    tasks: Collection[Task] = _ALL_TASKS

    @property
    def tip(self) -> str:
        shown_key = QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
        return f"{self.text} ({shown_key}){': ' + self.hint if self.hint else ''}"


ENTRIES: Final = (
    Entry(
        name="review_accept",
        text="Accept the prediction",
        keys=("A",),
        icon="accept",
        hint="it becomes the label",
    ),
    Entry(
        name="review_label_right",
        text="Label was right",
        keys=("R",),
        icon="check",
        hint="it stays, the model erred",
    ),
    Entry(
        name="review_leave_out",
        text="Leave out",
        keys=("X",),
        icon="eye_off",
        hint="no further run uses the item",
    ),
    Entry(
        name="review_edit",
        text="Edit",
        keys=("E",),
        icon="brush",
        hint="open the label at its largest mistake; Esc comes back",
    ),
    Entry(name="review_undo", text="Take back the decision", keys=("Ctrl+Z",), icon="undo", when=When.STEPS),
    Entry(name="review_redo", text="Decide again", keys=("Ctrl+Shift+Z",), icon="redo", when=When.STEPS),
    Entry(
        name="review_preview",
        text="Show large",
        keys=("Space", "Return", "Enter"),
        icon="eye",
        of_pictures=True,
    ),
    Entry(
        name="review_next_pane",
        text="Label, prediction, difference",
        keys=("D",),
        icon="difference",
        of_pictures=True,
    ),
    Entry(
        name="review_flicker",
        text="Flicker label and prediction",
        keys=("F",),
        icon="shuffle",
        hint="tap for the other one, hold for a glance",
        of_pictures=True,
        repeats=False,
        tasks=_MASKS,
    ),
    Entry(name="review_fainter", text="Fainter masks", keys=(",",), of_pictures=True, tasks=_MASKS),
    Entry(name="review_stronger", text="Stronger masks", keys=(".",), of_pictures=True, tasks=_MASKS),
    Entry(
        name="review_region",
        text="Accept only the region",
        keys=("Shift+A",),
        icon="region",
        hint="the one at the mouse, which is outlined",
        tasks=_MASKS,
    ),
    Entry(
        name="review_next_region",
        text="Next region",
        keys=("V",),
        icon="outline",
        hint="outline the largest one, then smaller ones; Shift+A accepts it",
        of_pictures=True,
        tasks=_MASKS,
    ),
    Entry(
        name="review_class",
        text="Give a class…",
        keys=("L",),
        icon="page-label",
        hint="the classes' own keys do it at once",
        of_pictures=True,
        tasks=TAG_TASKS,
    ),
    Entry(
        name="review_journal",
        text="Decisions",
        keys=("J",),
        icon="history",
        hint="who decided what, and when",
        when=When.RUNS,
    ),
    Entry(
        name="review_find_errors",
        text="Find label errors…",
        keys=("W",),
        icon="search",
        hint="which labels are probably wrong",
        when=When.ALWAYS,
    ),
    Entry(name="review_sort", text="Sort by…", keys=("S",), when=When.ITEMS),
    Entry(name="review_group", text="Group by…", keys=("Shift+S",), when=When.ITEMS),
    Entry(
        name="review_note",
        text="Ask somebody",
        keys=("N",),
        icon="ask",
        hint="a question about the item, or its answer",
    ),
)


class ReviewActions(PageActions):
    """Those that are of use for the task, in the order of the menu; the page says what they do."""

    def __init__(self, task: Task, parent: QObject) -> None:
        super().__init__("Review", parent)
        self._entries = [entry for entry in ENTRIES if task in entry.tasks]
        self._named = {entry.name: self._add_entry(entry) for entry in self._entries}

    def __getitem__(self, name: str) -> QAction:
        return self._named[name]

    def __contains__(self, name: str) -> bool:
        return name in self._named

    @property
    def of_pictures(self) -> list[QAction]:
        """Those whose keys listen only where pictures show, as they have another meaning elsewhere."""
        return [self._named[entry.name] for entry in self._entries if entry.of_pictures]

    @property
    def of_page(self) -> list[QAction]:
        return [self._named[entry.name] for entry in self._entries if not entry.of_pictures]

    def keys(self) -> set[str]:
        """All that some action listens to, upper case."""
        return {key.toString().upper() for action in self._named.values() for key in action.shortcuts()}

    def allow(self, possible: Collection[When]) -> None:
        for entry in self._entries:
            self._named[entry.name].setEnabled(entry.when in possible)

    def _add_entry(self, entry: Entry) -> QAction:
        action = self.add(entry.name, entry.text, entry.icon, "", entry.tip)
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setAutoRepeat(entry.repeats)
        return action
