"""In which order the review items come: by what they are sorted, which end first, and in which groups."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from studio.core.review_order import GroupBy, ReviewOrder, SortBy, order_in_words, sorts_of
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.ui.review.combos import add_classes, choose, make_combo
from studio.ui.theme import theme

_WORDS: Final = {
    SortBy.LOSS: "loss",
    SortBy.CONFIDENCE: "confidence",
    SortBy.MARGIN: "margin of the answer",
    SortBy.ENTROPY: "entropy",
    SortBy.OVERLAP: "IoU of a class",
    SortBy.SUSPICION: "probably a wrong label",
    SortBy.NAME: "name",
}
_HINTS: Final = {
    SortBy.LOSS: "The loss of each item alone",
    SortBy.ERROR: "How much of the prediction differs from the label",
    SortBy.CONFIDENCE: "How sure the model is of its answer",
    SortBy.MARGIN: "How far the answer leads over the second",
    SortBy.ENTROPY: "How evenly the model spreads its probabilities",
    SortBy.OVERLAP: "How well label and prediction of one class overlap",
    SortBy.SUSPICION: "Labels that models which never saw them hold for wrong",
    SortBy.NAME: "The name of the item",
}
_GROUPS: Final = {GroupBy.NOTHING: "no groups", GroupBy.CLASS: "by class", GroupBy.SEQUENCE: "by sequence"}
_CLASS_WIDTH: Final = 140
_UNKNOWN: Final = "this run has no such figures; train anew, or look for label errors"


def error_words(task: Task) -> str:
    """What the error of an item is in that task, as an entry of a list."""
    if task is Task.KEYPOINTS:
        return "distance in pixels"
    return "mistakes" if task in TAG_TASKS else "share wrong"


class OrderBar(QWidget):
    """Keeps what somebody chose, also while a run shows that has no figures of that kind; those of that run are then
    sorted by their loss."""

    changed = Signal()
    left = Signal()
    """Something was chosen from a list; the keys may go back to the items."""

    def __init__(self, settings: ProjectSettings, order: ReviewOrder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = order
        self._settings = settings
        self._known = frozenset(SortBy)
        self._first: SortBy | None = None
        """What a run is about, which its items are sorted by until somebody chooses otherwise."""
        sorts = [(_WORDS.get(by, error_words(settings.task)), by) for by in sorts_of(settings.task)]
        self.sort = make_combo("review_sort", "Sort by (S)", sorts)
        self.of_class = make_combo("review_sort_class", "Class whose IoU counts", [])
        self.of_class.setMaximumWidth(_CLASS_WIDTH)
        groups = [(words, group) for group, words in _GROUPS.items() if _is_of(settings.task, group)]
        self.group = make_combo("review_group", "Group by (Shift+S)", groups)
        self.direction = QToolButton()
        self.direction.setObjectName("review_direction")
        self.direction.setCheckable(True)
        self.direction.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        label = QLabel("Sort by")
        label.setProperty("role", "muted")
        label.setBuddy(self.sort)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (label, self.sort, self.of_class, self.direction, self.group):
            layout.addWidget(widget)
        self.show_settings(settings)
        for combo in (self.sort, self.of_class, self.group):
            combo.currentIndexChanged.connect(self._take)
            combo.chosen.connect(self.left)
        self.direction.toggled.connect(self._take)
        theme().changed.connect(self._dress)

    @property
    def order(self) -> ReviewOrder:
        """What the run that shows is sorted by."""
        wanted = self._wanted
        if self._first is not None:
            return msgspec.structs.replace(wanted, by=self._first, reverse=False)
        is_known = wanted.by in self._known and self.sort.findData(wanted.by) >= 0
        return wanted if is_known else msgspec.structs.replace(wanted, by=SortBy.LOSS, reverse=False)

    @property
    def in_words(self) -> str:
        """`worst first`, `least sure first, by class`."""
        order = self.order
        names = {c.id: c.name for c in self._settings.known_classes}
        return order_in_words(order, names.get(order.class_id, "") if order.class_id is not None else "")

    def show_settings(self, settings: ProjectSettings) -> None:
        """Offer the project's classes; the choice stays where it can."""
        self._settings = settings
        with QSignalBlocker(self.of_class):
            self.of_class.clear()
            add_classes(self.of_class, settings.classes)
        self._show()

    def show_known(self, known: frozenset[SortBy]) -> None:
        """Offer what the run that shows has figures of; tells nobody."""
        self._known = known
        if self._first not in known:
            self._first = None
        self._show()

    def begin_by(self, first: SortBy | None) -> None:
        """Another run shows, which is about `first`; tells nobody, and what was chosen comes again with the next."""
        self._first = first
        self._show()

    def _take(self) -> None:
        self._first = None
        self._wanted = ReviewOrder(
            by=SortBy(self.sort.currentData()),  # a combo box keeps the bare string
            class_id=self.of_class.currentData(),
            reverse=self.direction.isChecked(),
            group=GroupBy(self.group.currentData()),
        )
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        order = self.order
        blocked = [QSignalBlocker(widget) for widget in (self.sort, self.of_class, self.group, self.direction)]
        self._offer()
        choose(self.sort, order.by)
        choose(self.of_class, order.class_id)
        choose(self.group, order.group)
        self.direction.setChecked(order.reverse)
        self.of_class.setVisible(order.by is SortBy.OVERLAP)
        if order.by is SortBy.OVERLAP and order.class_id != self.of_class.currentData():
            self._wanted = msgspec.structs.replace(order, class_id=self.of_class.currentData())
        for blocker in blocked:
            blocker.unblock()
        self._dress()

    def _offer(self) -> None:
        model = self.sort.model()
        assert isinstance(model, QStandardItemModel)
        for row in range(self.sort.count()):
            by = SortBy(self.sort.itemData(row))
            known = by in self._known
            model.item(row).setEnabled(known)
            hint = _HINTS[by] if known else f"{_HINTS[by]}: {_UNKNOWN}"
            self.sort.setItemData(row, hint, Qt.ItemDataRole.ToolTipRole)

    def _dress(self) -> None:
        """The arrow says whether figures rise or fall down the grid in people's terms: what needs a look comes first
        unless it points up."""
        self.direction.setIcon(theme().icon("arrow-up" if self.direction.isChecked() else "arrow-down"))
        words = self.in_words
        self.direction.setToolTip(f"{words[:1].upper()}{words[1:]}; click to turn the order round")
        self.direction.setAccessibleName(f"Turn the order round: {words}")


def _is_of(task: Task, group: GroupBy) -> bool:
    return group is not GroupBy.CLASS or task is not Task.KEYPOINTS
