"""The line over the plots: what the run is doing, how fast, how long still, and the buttons that steer it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
)

from studio.ui.theme import theme
from studio.ui.train.run_words import HeaderWords
from studio.ui.widgets.elided_label import ElidedLabel

_SCALE = 1000
_NARROW = 680
_TEXT_ONLY = Qt.ToolButtonStyle.ToolButtonTextOnly


class RunHeader(QFrame):
    def __init__(self, *, steering: Sequence[QAction], kill: QAction) -> None:
        super().__init__()
        self.setObjectName("run_header")
        self.title = ElidedLabel()
        self.title.setProperty("role", "heading")
        self.facts = ElidedLabel()
        self.facts.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far the run is")
        self.bar.setRange(0, _SCALE)
        self._menu_button = self._more(kill)
        self._steering = [*map(self._button, steering), self._menu_button]
        self._top = self._words_and_buttons()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 10, 8)
        layout.setSpacing(6)
        layout.addLayout(self._top)
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for both side by side, the buttons stand below the words and have no icons."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        self._top.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        for button in self._steering:
            plain = narrow or button.icon().isNull()
            if button is not self._menu_button:
                button.setToolButtonStyle(_TEXT_ONLY if plain else Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def _words_and_buttons(self) -> QBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in self._steering:
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        buttons.addStretch(1)
        top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.setSpacing(6)
        top.addLayout(words, 1)
        top.addLayout(buttons)
        return top

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"{action.objectName().removeprefix('train_')}_run")
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
