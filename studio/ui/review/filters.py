"""Which review items show: by split, class, decision and name, and by values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from studio.core.items import Split
from studio.core.review import Decision
from studio.core.review_order import SortBy
from studio.core.settings import ProjectSettings, Task
from studio.store import ReviewFilter
from studio.ui.review.combos import add_classes, choose, make_combo
from studio.ui.review.histogram import Range
from studio.ui.review.mistake_list import Cell
from studio.ui.review.order_bar import OrderBar
from studio.ui.review.tile_words import DECISION_WORDS
from studio.ui.review.value_filter import ValueFilter, Values
from studio.ui.widgets.flow_layout import FlowLayout

_TYPING_PAUSE_MS: Final = 180
_ASKED: Final = "asked"
_NAME_WIDTH: Final = 150
_CLASS_WIDTH: Final = 140


@dataclass(frozen=True, kw_only=True)
class Filters:
    """None and empty ask for everything."""

    split: Split | None = None
    class_id: int | None = None
    decision: Decision | None = None
    asked: bool = False
    text: str = ""
    values: Values = field(default_factory=Values)

    @property
    def is_empty(self) -> bool:
        return self == Filters()


def review_filter(filters: Filters, *, cell: Cell | None, error_range: Range | None) -> ReviewFilter:
    """What to ask the project for; `cell` and `error_range` are mistakes that were chosen. A bar of the histogram ends
    where the next begins, so its upper bound belongs to that."""
    values = filters.values
    spans = [] if values.span is None else [values.span]
    if error_range is not None:
        spans.append((SortBy.ERROR, (error_range[0], math.nextafter(error_range[1], -math.inf))))
    return ReviewFilter(
        splits=() if filters.split is None else (filters.split,),
        class_id=filters.class_id,
        decisions=() if filters.decision is None else (filters.decision,),
        asked=filters.asked,
        confusion=cell,
        text=filters.text,
        spans=tuple(spans),
        only_wrong=values.only_wrong,
        only_corrected=values.only_corrected,
    )


class FilterBar(QWidget):
    """One control a filter; `changed` after each choice, and shortly after the last key of a name."""

    changed = Signal()
    left = Signal()
    """Something was chosen from a list; the keys may go back to the items."""

    def __init__(self, task: Task, order: OrderBar, parent: QWidget | None = None) -> None:
        """`order` stands before the filters and wraps with them."""
        super().__init__(parent)
        self.split = make_combo("filter_split", "Split", [("All splits", None), *((s.value, s) for s in Split)])
        self.label_class = make_combo(
            "filter_class", "Class that was mistaken, or that another one was mistaken for", [("All classes", None)]
        )
        self.label_class.setMaximumWidth(_CLASS_WIDTH)
        self.decision = make_combo(
            "filter_decision",
            "Decision",
            [
                ("All decisions", None),
                *((DECISION_WORDS[d].capitalize(), d) for d in Decision),
                ("Open question", _ASKED),
            ],
        )
        self.text = QLineEdit(placeholderText="Find by name", clearButtonEnabled=True)
        self.text.setObjectName("filter_text")
        self.text.setAccessibleName("Find by name")
        self.text.setFixedWidth(_NAME_WIDTH)
        self.values = ValueFilter(task)
        self.more_button = _more_button()
        self.clear_button = QToolButton()
        self.clear_button.setText("Clear filters")
        self.clear_button.setObjectName("clear_filters")
        self.clear_button.clicked.connect(self.clear)
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        layout = FlowLayout(self, spacing=6)
        layout.addWidget(order)
        for combo in (self.split, self.label_class, self.decision):
            combo.currentIndexChanged.connect(self._tell)
            combo.chosen.connect(self.left)
            layout.addWidget(combo)
        self.text.textChanged.connect(lambda _text: self._pause.start())
        self.text.returnPressed.connect(self._tell)
        self.values.changed.connect(self._tell)
        self.values.hide()
        self.more_button.toggled.connect(self.values.setVisible)
        for widget in (self.text, self.more_button, self.values, self.clear_button):
            layout.addWidget(widget)
        self._tell()

    @property
    def filters(self) -> Filters:
        split, decision = self.split.currentData(), self.decision.currentData()
        return Filters(
            split=None if split is None else Split(split),  # a combo box keeps the bare string
            class_id=self.label_class.currentData(),
            decision=None if decision in (None, _ASKED) else Decision(decision),
            asked=decision == _ASKED,
            text=self.text.text().strip(),
            values=self.values.values,
        )

    def show_settings(self, settings: ProjectSettings) -> None:
        """Offer the project's classes; the choice stays where it can."""
        self.label_class.setVisible(settings.task is not Task.KEYPOINTS)
        chosen = self.label_class.currentData()
        self._quietly(lambda: self._fill_classes(settings, chosen))

    def clear(self) -> None:
        """Ask for everything; one `changed` for all of it."""

        def clear_each() -> None:
            for combo in (self.split, self.label_class, self.decision):
                combo.setCurrentIndex(0)
            self.text.clear()
            self.values.clear()

        self._quietly(clear_each)
        self._tell()

    def show_only(self, split: Split) -> None:
        """All items of one split."""
        self.clear()
        self.split.setCurrentIndex(self.split.findData(split))

    def _fill_classes(self, settings: ProjectSettings, chosen: int | None) -> None:
        self.label_class.clear()
        self.label_class.addItem("All classes", None)
        add_classes(self.label_class, settings.classes)
        choose(self.label_class, chosen)

    def _quietly(self, change: Callable[[], None]) -> None:
        controls = (self.split, self.label_class, self.decision, self.text)
        for control in controls:
            control.blockSignals(True)
        change()
        for control in controls:
            control.blockSignals(False)

    def _tell(self) -> None:
        self._pause.stop()
        self.clear_button.setVisible(not self.filters.is_empty)
        _mark(self.more_button, self.filters.values != Values())
        self.changed.emit()


def _more_button() -> QToolButton:
    button = QToolButton()
    button.setObjectName("more_filters")
    button.setText("More")
    button.setCheckable(True)
    button.setToolTip("Filter by a range of values, by what is wrong and by what was corrected")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _mark(button: QToolButton, active: bool) -> None:
    """Say that some of what it folds away is in force."""
    button.setText("More ●" if active else "More")
    button.setAccessibleName("More filters, some in force" if active else "More filters")
