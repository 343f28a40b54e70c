"""The recipe form's fields: numbers, learning rates, choices. A wheel over one without focus scrolls the form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QToolTip,
    QWidget,
)

from studio.ui.train.rates import MAX_RATE, MIN_RATE, number_text, rate_text, read_rate

_RATE_STEP = 10**0.1
_TEXT_MARGIN = 4
_LARGEST_HELD: Final = 2**31 - 1
_EXACT: Final = 24
"""Decimals to which Qt rounds: more than a number of this size has."""
_BEGUN_NUMBER: Final = re.compile(r"[-+]?\d*\.?\d*([eE][-+]?\d*)?")


class WholeField(QSpinBox):
    """A whole number. `edited` comes only from a person, who stays within the range; a number that is shown may lie
    outside of it, and widens it."""

    edited = Signal(int)

    def __init__(self, name: str, low: int, high: int, *, step: int = 1, suffix: str = "", tip: str = "") -> None:
        super().__init__()
        _prepare(self, name, tip)
        self._beyond: int | None = None
        """What is shown where it is too large for Qt, which then holds its own largest number."""
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSuffix(suffix)
        self.lineEdit().setTextMargins(_TEXT_MARGIN, 0, 0, 0)
        self.setMinimumWidth(58)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(self.edited)

    def show_value(self, value: int) -> None:
        held = min(max(value, -_LARGEST_HELD), _LARGEST_HELD)
        beyond = value if held != value else None
        if (held, beyond) != (self.value(), self._beyond):
            with QSignalBlocker(self):
                self._beyond = beyond
                self.setRange(min(held, self.minimum()), max(held, self.maximum()))
                self.setValue(held)
                self.lineEdit().setText(self.prefix() + self.textFromValue(held) + self.suffix())

    def textFromValue(self, value: int) -> str:
        return str(self._beyond if self._beyond is not None and abs(value) == _LARGEST_HELD else value)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        judged = super().validate(text, position)
        _tell_range_when_refused(self, judged[0], f"{self.minimum():,} to {self.maximum():,}")
        return judged

    def wheelEvent(self, event: QWheelEvent) -> None:
        _only_with_focus(self, event, super().wheelEvent)


class DecimalField(QDoubleSpinBox):
    """A number with so many decimals, or with more where it has them: 0.0100, but 1e-5. `edited` comes only from a
    person, who stays within the range; a number that is shown may lie outside of it, and widens it."""

    edited = Signal(float)

    def __init__(
        self, name: str, low: float, high: float, *, step: float, decimals: int = 2, suffix: str = "", tip: str = ""
    ) -> None:
        super().__init__()
        self._decimals = decimals
        _prepare(self, name, tip)
        self.setDecimals(_EXACT)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSuffix(suffix)
        self.lineEdit().setTextMargins(_TEXT_MARGIN, 0, 0, 0)
        self.setMinimumWidth(58)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(self.edited)

    def show_value(self, value: float) -> None:
        if not math.isclose(value, self.value(), rel_tol=1e-9):
            with QSignalBlocker(self):
                self.setRange(min(value, self.minimum()), max(value, self.maximum()))
                self.setValue(value)

    def stepBy(self, steps: int) -> None:
        self.setValue(float(f"{self.value() + steps * self.singleStep():.12g}"))
        self.selectAll()

    def textFromValue(self, value: float) -> str:
        return number_text(value, self._decimals)

    def valueFromText(self, text: str) -> float:
        return self.minimum() if self._is_special(text) else float(self._bare(text))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state = self._judge(text)
        _tell_range_when_refused(self, state, f"{self.minimum():g} to {self.maximum():g}")
        return state, text, position

    def wheelEvent(self, event: QWheelEvent) -> None:
        _only_with_focus(self, event, super().wheelEvent)

    def _judge(self, text: str) -> QValidator.State:
        bare = self._bare(text)
        if self._is_special(text):
            return QValidator.State.Acceptable
        if not _BEGUN_NUMBER.fullmatch(bare) or (bare.startswith("-") and self.minimum() >= 0):
            return QValidator.State.Invalid
        try:
            value = float(bare)
        except ValueError:
            return QValidator.State.Intermediate
        if value > self.maximum():
            return QValidator.State.Invalid
        return QValidator.State.Acceptable if value >= self.minimum() else QValidator.State.Intermediate

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip().replace(",", ".")

    def _is_special(self, text: str) -> bool:
        return bool(self.specialValueText()) and text == self.specialValueText()


class RateField(QLineEdit):
    """A learning rate as people write it; up and down move it by a tenth of a power of ten. What cannot be read as a
    rate is marked, and replaced by the rate found there when the field is left."""

    edited = Signal(float)

    def __init__(self, name: str, *, tip: str = "") -> None:
        super().__init__()
        _prepare(self, name, tip)
        self._rate = self._found = 1e-3
        self.setMinimumWidth(58)
        self.textEdited.connect(self._take)
        self.editingFinished.connect(self._leave)

    def show_rate(self, rate: float) -> None:
        self._rate = rate
        if not (self.hasFocus() and self.isModified()):
            self._tidy()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._found = self._rate
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            factor = _RATE_STEP if event.key() == Qt.Key.Key_Up else 1 / _RATE_STEP
            self._rate = float(f"{min(max(self._rate * factor, MIN_RATE), MAX_RATE):.3g}")
            self._tidy()
            self.edited.emit(self._rate)
            return
        super().keyPressEvent(event)

    def _take(self, text: str) -> None:
        try:
            rate = read_rate(text)
        except ValueError:
            self._mark(wrong=True)
            return
        self._mark(wrong=False)
        if rate != self._rate:
            self.edited.emit(rate)

    def _leave(self) -> None:
        if self.property("wrong"):
            text = self.text() or "Nothing"
            _tell(self, f"{text} is no rate from {MIN_RATE:g} to {MAX_RATE:g}; {rate_text(self._found)} stays.")
            if self._rate != self._found:  # the beginning of what was typed had been a rate
                self._rate = self._found
                self.edited.emit(self._rate)
        self._tidy()

    def _tidy(self) -> None:
        self.setText(rate_text(self._rate))
        self._mark(wrong=False)

    def _mark(self, *, wrong: bool) -> None:
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            self.style().polish(self)


class Choice(QComboBox):
    """One of several values, each with the text that stands for it. `edited` comes only from a person."""

    edited = Signal(object)

    def __init__(self, name: str, choices: Sequence[tuple[str, Any]] = (), *, tip: str = "") -> None:
        super().__init__()
        _prepare(self, name, tip)
        self._values: list[Any] = []
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.offer(choices)
        self.activated.connect(lambda index: self.edited.emit(self._values[index]))

    def offer(self, choices: Sequence[tuple[str, Any]]) -> None:
        """Replace what can be chosen; the chosen value stays if it is still there."""
        chosen = self.value if self._values else None
        with QSignalBlocker(self):
            self.clear()
            self._values = [value for _text, value in choices]
            self.addItems([text for text, _value in choices])
        if chosen in self._values:
            self.show_value(chosen)

    @property
    def values(self) -> list[Any]:
        """What can be chosen, in order."""
        return list(self._values)

    def offers(self, value: Any) -> bool:
        return value in self._values

    @property
    def value(self) -> Any:
        return self._values[self.currentIndex()] if self._values else None

    def show_value(self, value: Any) -> None:
        """Does nothing for a value that cannot be chosen."""
        if value in self._values and value != self.value:
            with QSignalBlocker(self):
                self.setCurrentIndex(self._values.index(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        _only_with_focus(self, event, super().wheelEvent)


class Tick(QCheckBox):
    """On or off. `edited` comes only from a person."""

    edited = Signal(bool)

    def __init__(self, name: str, text: str, *, tip: str = "") -> None:
        super().__init__(text)
        _prepare(self, name, tip)
        self.clicked.connect(self.edited)

    def show_value(self, on: bool) -> None:
        with QSignalBlocker(self):
            self.setChecked(on)


def section(text: str) -> QLabel:
    """The title over a group of fields."""
    label = QLabel(text.upper())
    label.setProperty("role", "section")
    return label


def caption(text: str, buddy: QWidget) -> QLabel:
    """The name before a field."""
    label = QLabel(text)
    label.setBuddy(buddy)
    buddy.setAccessibleName(text)
    return label


def muted(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


class _UndoIsTheRecipes(QObject):
    """Undo and redo in a number field are those of the recipe, which has every number as soon as it is typed."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
        ):
            if isinstance(watched, QLineEdit):
                watched.setModified(False)  # what was typed is taken back, so the field may show another number
            event.ignore()
            return True
        return False


def _prepare(widget: QWidget, name: str, tip: str) -> None:
    if isinstance(widget, (QAbstractSpinBox, QLineEdit)):
        widget.installEventFilter(_UndoIsTheRecipes(widget))
    widget.setObjectName(name)
    widget.setToolTip(tip)
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def _tell_range_when_refused(field: QWidget, judged: QValidator.State, allowed: str) -> None:
    """A digit that Qt does not let in would otherwise vanish without a word."""
    if judged == QValidator.State.Invalid and field.hasFocus():
        _tell(field, f"{field.accessibleName() or 'This'} takes {allowed}.")


def _tell(field: QWidget, sentence: str) -> None:
    QToolTip.showText(field.mapToGlobal(field.rect().bottomLeft()), sentence, field)


def _only_with_focus(widget: QWidget, event: QWheelEvent, handle: Callable[[QWheelEvent], None]) -> None:
    if widget.hasFocus():
        handle(event)
    else:
        event.ignore()
