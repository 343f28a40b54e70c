"""A line that opens onto fields which few recipes need to change."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.ui.theme import theme


class Fold(QWidget):
    """Shut at first; its line says what the fields inside amount to."""

    def __init__(self, name: str, inside: QWidget, *, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inside = inside
        self.line = QToolButton()
        self.line.setObjectName(name)
        self.line.setToolTip(tip)
        self.line.setCheckable(True)
        self.line.setAutoRaise(True)
        self.line.setProperty("fold", True)
        self.line.setIconSize(QSize(12, 12))
        self.line.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.line.toggled.connect(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line)
        layout.addWidget(inside)
        theme().changed.connect(self._dress)
        self._open(False)

    def say(self, text: str) -> None:
        self.line.setText(text)
        self.line.setAccessibleName(text)

    def _open(self, is_open: bool) -> None:
        self.inside.setVisible(is_open)
        self._dress()

    def _dress(self) -> None:
        self.line.setIcon(theme().icon("section-open" if self.line.isChecked() else "section-closed", "muted"))
