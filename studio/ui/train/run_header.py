"""The line over the plots: what the run is doing, how fast, how long still, and the buttons that steer it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout

from studio.ui.theme import theme
from studio.ui.train.run_words import HeaderWords
from studio.ui.widgets.elided_label import ElidedLabel

_SCALE = 1000


class RunHeader(QFrame):
    def __init__(self, *, pause: QAction, stop: QAction, kill: QAction) -> None:
        super().__init__()
        self.setObjectName("run_header")
        self.title = ElidedLabel()
        self.title.setProperty("role", "heading")
        self.facts = ElidedLabel()
        self.facts.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _SCALE)
        self._menu_button = self._more(kill)
        self._steering = [self._button(pause, "pause_run"), self._button(stop, "stop_run"), self._menu_button]
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.facts)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addLayout(words, 1)
        for button in self._steering:
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        theme().changed.connect(self._dress)
        self._dress()

    def show_words(self, words: HeaderWords, *, live: bool) -> None:
        """What is written; the buttons and the bar are there only while a run is going."""
        self.title.setText(words.title)
        self.facts.setText(words.facts)
        self.setToolTip(words.weights)
        for button in self._steering:
            button.setVisible(live)
        self.bar.setVisible(live)
        if live and words.share is None:
            self.bar.setRange(0, 0)
        elif live and words.share is not None:
            self.bar.setRange(0, _SCALE)
            self.bar.setValue(round(_SCALE * min(1.0, words.share)))

    def _button(self, action: QAction, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setDefaultAction(action)
        button.setProperty("framed", True)
        button.setIconSize(QSize(16, 16))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        return button

    def _more(self, kill: QAction) -> QToolButton:
        button = QToolButton()
        button.setObjectName("more_run")
        button.setToolTip("More")
        button.setAccessibleName("More")
        menu = QMenu(button)
        menu.addAction(kill)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setProperty("framed", True)
        button.setIconSize(QSize(16, 16))
        return button

    def _dress(self) -> None:
        self._menu_button.setIcon(theme().icon("more"))
