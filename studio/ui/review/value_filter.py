"""Filters that are seldom wanted: a range of values, only what is wrong, only what was corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QLocale, QSignalBlocker, QTimer, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from studio.core.review_order import SPAN_KINDS, SortBy, sorts_of
from studio.core.settings import Task
from studio.store import Span
from studio.ui.review.combos import make_combo
from studio.ui.review.order_bar import error_words

_TYPING_PAUSE_MS: Final = 180
_DECIMALS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Values:
    """None and False ask for everything."""

    span: tuple[SortBy, Span] | None = None
    only_wrong: bool = False
    only_corrected: bool = False


class ValueFilter(QWidget):
    """`changed` after each click, and shortly after the last key of a bound."""

    changed = Signal()

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.only_wrong = _box("filter_wrong", "Only wrong", "Items whose label and prediction differ")
        self.only_corrected = _box(
            "filter_corrected", "Only corrected", "Items whose label was corrected, in this review or before the run"
        )
        words = {SortBy.ERROR: error_words(task)}
        kinds = [(words.get(by, by.value), by) for by in SPAN_KINDS if by in sorts_of(task)]
        self.kind = make_combo("filter_range_of", "Range of", kinds)
        self.low, self.high = _bound("filter_from", "from"), _bound("filter_to", "to")
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.changed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        dash = QLabel("–")
        for widget in (self.only_wrong, self.only_corrected, self.kind, self.low, dash, self.high):
            layout.addWidget(widget)
        for box in (self.only_wrong, self.only_corrected):
            box.toggled.connect(self.changed)
        self.kind.currentIndexChanged.connect(self.changed)
        for field in (self.low, self.high):
            field.textChanged.connect(lambda _text: self._pause.start())
            field.returnPressed.connect(self._tell_now)

    @property
    def values(self) -> Values:
        span = (_number(self.low), _number(self.high))
        return Values(
            span=(SortBy(self.kind.currentData()), span) if span != (None, None) else None,
            only_wrong=self.only_wrong.isChecked(),
            only_corrected=self.only_corrected.isChecked(),
        )

    def clear(self) -> None:
        """Ask for everything; tells nobody."""
        widgets = (self.only_wrong, self.only_corrected, self.low, self.high)
        blocked = [QSignalBlocker(widget) for widget in widgets]
        self.only_wrong.setChecked(False)
        self.only_corrected.setChecked(False)
        self.low.clear()
        self.high.clear()
        self._pause.stop()
        for blocker in blocked:
            blocker.unblock()

    def _tell_now(self) -> None:
        self._pause.stop()
        self.changed.emit()


def _number(field: QLineEdit) -> float | None:
    try:
        return float(field.text().replace(",", "."))
    except ValueError:  # empty, or only begun
        return None


def _bound(name: str, words: str) -> QLineEdit:
    field = QLineEdit(placeholderText=words)
    field.setObjectName(name)
    field.setAccessibleName(f"Range {words}")
    field.setFixedWidth(64)
    validator = QDoubleValidator(0, 1e9, _DECIMALS, field)
    validator.setLocale(QLocale.c())
    field.setValidator(validator)
    return field


def _box(name: str, words: str, hint: str) -> QCheckBox:
    box = QCheckBox(words)
    box.setObjectName(name)
    box.setToolTip(hint)
    return box
