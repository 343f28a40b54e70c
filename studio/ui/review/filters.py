"""Which review items show: by split, class, decision and name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from studio.core.classes import LabelClass
from studio.core.items import Split
from studio.core.review import Decision
from studio.core.settings import ProjectSettings, Task
from studio.ui.review.tile_painter import DECISION_WORDS

_TYPING_PAUSE_MS: Final = 180
_ICON: Final = 12
_WIDEST: Final = 190


@dataclass(frozen=True, kw_only=True)
class Filters:
    """None and empty ask for everything."""

    split: Split | None = None
    class_id: int | None = None
    decision: Decision | None = None
    text: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Filters()


class FilterBar(QWidget):
    """One control a filter; `changed` after each choice, and shortly after the last key of a name."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.split = _combo("filter_split", "Split", [("All splits", None), *((s.value, s) for s in Split)])
        self.label_class = _combo(
            "filter_class", "Class that was mistaken, or that another one was mistaken for", [("All classes", None)]
        )
        self.decision = _combo(
            "filter_decision",
            "Decision",
            [("All decisions", None), *((DECISION_WORDS[d].capitalize(), d) for d in Decision)],
        )
        self.text = QLineEdit(placeholderText="Find by name", clearButtonEnabled=True)
        self.text.setObjectName("filter_text")
        self.text.setAccessibleName("Find by name")
        self.text.setMaximumWidth(240)
        self.clear_button = QToolButton()
        self.clear_button.setText("Clear filters")
        self.clear_button.setObjectName("clear_filters")
        self.clear_button.clicked.connect(self.clear)
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for combo in (self.split, self.label_class, self.decision):
            combo.currentIndexChanged.connect(self._tell)
            layout.addWidget(combo)
        self.text.textChanged.connect(lambda _text: self._pause.start())
        self.text.returnPressed.connect(self._tell)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.clear_button)
        layout.addStretch(1)
        self._tell()

    @property
    def filters(self) -> Filters:
        split, decision = self.split.currentData(), self.decision.currentData()
        return Filters(
            split=None if split is None else Split(split),  # a combo box keeps the bare string
            class_id=self.label_class.currentData(),
            decision=None if decision is None else Decision(decision),
            text=self.text.text().strip(),
        )

    def show_settings(self, settings: ProjectSettings) -> None:
        """Offer the project's classes; the choice stays where it can."""
        self.label_class.setVisible(settings.task is not Task.KEYPOINTS)
        chosen = self.label_class.currentData()
        self._quietly(lambda: _fill_classes(self.label_class, settings.classes, chosen))

    def clear(self) -> None:
        """Ask for everything; one `changed` for all of it."""

        def clear_each() -> None:
            for combo in (self.split, self.label_class, self.decision):
                combo.setCurrentIndex(0)
            self.text.clear()

        self._quietly(clear_each)
        self._tell()

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
        self.changed.emit()


def _combo(name: str, accessible: str, entries: Sequence[tuple[str, object]]) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(accessible)
    combo.setToolTip(accessible)
    combo.setMaximumWidth(_WIDEST)
    for words, value in entries:
        combo.addItem(words[:1].upper() + words[1:], value)
    return combo


def _fill_classes(combo: QComboBox, classes: Sequence[LabelClass], chosen: int | None) -> None:
    combo.clear()
    combo.addItem("All classes", None)
    for label_class in classes:
        if not label_class.void:
            combo.addItem(_swatch(label_class.color), label_class.name, label_class.id)
    combo.setCurrentIndex(max(0, combo.findData(chosen)) if chosen is not None else 0)


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(_ICON, _ICON)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
