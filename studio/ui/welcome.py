"""What a window without a project shows: three ways to begin and the projects that were open lately."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui.theme import theme

_CARD_WIDTH = 560
_TEXT_WIDTH = 460
"""Of a button as wide as the card, in logical pixels."""


class Welcome(QWidget):
    folder_chosen = Signal(str)
    browse_requested = Signal()
    demo_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        card = QFrame()
        card.setProperty("role", "card")
        card.setFixedWidth(_CARD_WIDTH)
        self._card = QVBoxLayout(card)
        self._card.setContentsMargins(32, 28, 32, 28)
        self._card.setSpacing(12)
        self._card.addWidget(_label("Relearn Studio", "heading"))
        self._card.addWidget(_label("Label, train, see what the model gets wrong, fix the labels, fine-tune.", "muted"))
        self._card.addSpacing(6)
        self._card.addLayout(self._buttons())
        self._card.addWidget(_label("Or drop a folder anywhere on this window.", "muted"))
        self._recent_title = _label("RECENT PROJECTS", "section")
        self._recent_title.hide()
        self._card.addSpacing(6)
        self._card.addWidget(self._recent_title)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        self.setFocusProxy(self._browse)
        theme().changed.connect(self._dress)
        self._dress()

    def show_recent(self, projects: Sequence[Path]) -> None:
        """Paths of projects, newest first, as buttons below the ways to begin."""
        self._recent_title.setVisible(bool(projects))
        for project in projects:
            button = QPushButton()
            text = f"{project.name}  –  {project.parent}"
            button.setText(button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _TEXT_WIDTH))
            button.setAccessibleName(text)
            button.setToolTip(str(project))
            button.setStyleSheet("text-align: left;")
            button.clicked.connect(lambda _=False, project=project: self.folder_chosen.emit(str(project)))
            self._card.addWidget(button)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        self._browse = QPushButton("Open or import a folder…")
        self._browse.setProperty("primary", True)
        self._browse.clicked.connect(self.browse_requested)
        self._demo = QPushButton("Try the demo project")
        self._demo.clicked.connect(self.demo_requested)
        for button in (self._browse, self._demo):
            button.setIconSize(QSize(18, 18))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _dress(self) -> None:
        self._browse.setIcon(theme().icon("folder", "on_accent"))
        self._demo.setIcon(theme().icon("sparkle"))


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
