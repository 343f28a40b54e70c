"""Which items the list shows: a search line, and state, split and class to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from studio.core.classes import LabelClass
from studio.core.items import LabelState, Split
from studio.store import ItemFilter
from studio.ui.theme import theme

_TYPING_PAUSE_MS: Final = 150

_PROPOSED: Final = "proposed"
"""Stands among the states, though an item of any state may have a proposal."""

_QUEUED: Final = "queued"
"""Stands there too: the unlabelled items of the queue, in its order."""


class FilterBar(QWidget):
    changed = Signal(object)
    """The new `ItemFilter`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(placeholderText="Search names", clearButtonEnabled=True)
        self.search.setAccessibleName("Search items by name")
        self._search_icon = QAction(self)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        self.state = _combo("State", [("Any state", None), *((s.capitalize(), s) for s in LabelState)])
        self.state.addItem("Has a proposal", _PROPOSED)
        self.state.addItem("Queued", _QUEUED)
        self.split = _combo("Split", [("Any split", None), *((s.capitalize(), s) for s in Split)])
        self.label_class = _combo("Class", [("Any class", None)])
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._lay_out()
        self._pause.timeout.connect(self._announce)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        for combo in (self.state, self.split, self.label_class):
            combo.currentIndexChanged.connect(self._announce)
        theme().changed.connect(self._dress)
        self._dress()

    @property
    def filter(self) -> ItemFilter:
        state, split = self.state.currentData(), self.split.currentData()  # Qt hands them back as plain strings
        return ItemFilter(
            states=(LabelState(state),) if state not in (None, _PROPOSED, _QUEUED) else (),
            proposed=state == _PROPOSED,
            queued=state == _QUEUED,
            splits=(Split(split),) if split is not None else (),
            class_id=self.label_class.currentData(),
            text=self.search.text().strip(),
        )

    def set_classes(self, classes: Sequence[LabelClass]) -> None:
        """Offer these classes; the chosen one stays. Without classes there is nothing to choose."""
        chosen = self.label_class.currentData()
        with QSignalBlocker(self.label_class):
            while self.label_class.count() > 1:
                self.label_class.removeItem(1)
            for label_class in classes:
                self.label_class.addItem(_swatch(label_class.color), label_class.name, label_class.id)
            self.label_class.setCurrentIndex(max(0, self.label_class.findData(chosen)))
        self.label_class.setVisible(bool(classes))

    def clear(self) -> None:
        """Let every item through."""
        blocked = [QSignalBlocker(w) for w in (self.search, self.state, self.split, self.label_class)]
        self.search.clear()
        for combo in (self.state, self.split, self.label_class):
            combo.setCurrentIndex(0)
        del blocked
        self._announce()

    def stop(self) -> None:
        """Announce nothing that was typed a moment ago."""
        self._pause.stop()

    def _announce(self) -> None:
        self._pause.stop()
        self.changed.emit(self.filter)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.state, 1)
        row.addWidget(self.split, 1)
        layout.addLayout(row)
        layout.addWidget(self.label_class)

    def _dress(self) -> None:
        self._search_icon.setIcon(theme().icon("search", "muted"))


def _combo(name: str, choices: Sequence[tuple[str, object]]) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(f"Filter by {name.lower()}")
    combo.setToolTip(f"{name} of the items that are listed")
    combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    combo.setMinimumContentsLength(4)
    combo.setIconSize(QSize(10, 10))
    for text, data in choices:
        combo.addItem(text, data)
    return combo


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(20, 20)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
