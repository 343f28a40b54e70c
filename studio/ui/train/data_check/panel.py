"""What a look at the data found, one card a finding, in place of the plots."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from studio.core.counting import counted
from studio.preflight import Checked
from studio.ui.session import Page, Session
from studio.ui.train.data_check.finding_card import FindingCard
from studio.ui.train.data_check.work import DataCheck

_MOST_CARDS: Final = 40
"""Findings are kinds of trouble, not items; more than this are a project of another task."""

_READING: Final = "Reading every picture and label of the train and valid splits."
_NOTHING: Final = "Nothing stands in the way of a good run."


class DataCheckPanel(QWidget):
    left = Signal()

    def __init__(self, session: Session, check: DataCheck) -> None:
        super().__init__()
        self.setObjectName("data_check")
        self._session = session
        self._check = check
        self._reading = False
        self.cards: list[FindingCard] = []
        self.said = QLabel()
        self.said.setObjectName("data_check_said")
        self.said.setWordWrap(True)
        self.looked_at = QLabel()
        self.looked_at.setObjectName("data_check_looked_at")
        self.looked_at.setProperty("role", "muted")
        self.looked_at.setWordWrap(True)
        self.looked_at.hide()
        self.estimate = QLabel()
        self.estimate.setObjectName("data_check_estimate")
        self.estimate.setWordWrap(True)
        self.estimate.hide()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.again = QPushButton("Check again")
        self.again.setObjectName("data_check_again")
        self.again.clicked.connect(self.begin)
        self.close_button = QPushButton("Close")
        self.close_button.setObjectName("data_check_close")
        self.close_button.clicked.connect(self._leave)
        self._column = QVBoxLayout()
        self._column.setSpacing(10)
        self._arrange()
        check.read.connect(self._show)
        check.failed.connect(self._fail)
        check.progressed.connect(self._show_progress)
        check.estimated.connect(self._show_estimate)
        QShortcut(Qt.Key.Key_Escape, self, self._leave, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def begin(self) -> None:
        """Look at the data now; a look that is going on goes on."""
        if self._reading:
            return
        self._set_reading(True)
        self.close_button.setFocus()
        self._clear()
        self.said.setText(_READING)
        self._check.look()

    def _arrange(self) -> None:
        heading = QLabel("Before training")
        heading.setProperty("role", "heading")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 6, 0)
        column.addLayout(self._column)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.again)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        for widget in (heading, self.estimate, self.said, self.looked_at, self.bar):
            layout.addWidget(widget)
        layout.addWidget(area, 1)
        layout.addLayout(buttons)

    def _show(self, checked: Checked) -> None:
        self._set_reading(False)
        found = len(checked.findings)
        text = f"{counted(found, 'thing')} to look at." if found else _NOTHING
        self.said.setText(f"{text} Stopped before everything was read." if checked.cancelled else text)
        if found > _MOST_CARDS:
            self.said.setText(f"{self.said.text()} The first {_MOST_CARDS} are shown; `studio check` lists them all.")
        self.looked_at.setText(checked.looked_at)
        self.looked_at.show()
        for finding in checked.findings[:_MOST_CARDS]:
            card = FindingCard(finding, self._check.carry_out)
            card.wanted.connect(self._go_to)
            self._column.addWidget(card)
            card.show()
            self.cards.append(card)

    def _fail(self, sentence: str) -> None:
        self._set_reading(False)
        self.said.setText(sentence)

    def _show_estimate(self, sentence: str) -> None:
        self.estimate.setText(sentence)
        self.estimate.setVisible(bool(sentence))

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _set_reading(self, reading: bool) -> None:
        self._reading = reading
        self.bar.setRange(0, 0)
        self.bar.setVisible(reading)
        self.again.setVisible(not reading)
        self.close_button.setText("Stop" if reading else "Close")

    def _clear(self) -> None:
        for card in self.cards:
            card.retire()
        self.cards = []
        self.looked_at.hide()

    def _go_to(self, item: int) -> None:
        self._session.show_page(Page.LABEL)
        self._session.open_item(item)

    def _leave(self) -> None:
        """Stop a look and stay, to tell what it found; else leave."""
        if self._reading:
            self._check.stop()
        else:
            self.left.emit()
