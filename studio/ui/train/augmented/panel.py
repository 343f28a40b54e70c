"""Augmented samples in place of the plots: a grid, and another roll on a key."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.ui.session import Page, Session
from studio.ui.train.augmented.grid import SampleGrid
from studio.ui.train.augmented.look import AugmentedLook, LookState
from studio.ui.train.augmented.words import look_words
from studio.ui.train.fields import Tick

_DRAWING: Final = "Drawing samples as training would…"


class AugmentedPanel(QWidget):
    """While it is shown, `roll` asks for the next roll and the look follows the recipe."""

    left = Signal()

    def __init__(self, session: Session, look: AugmentedLook, *, roll: QAction) -> None:
        super().__init__()
        self.setObjectName("augmented")
        self._session = session
        self._look = look
        self._roll = roll
        self.said = QLabel()
        self.said.setObjectName("augmented_said")
        self.said.setProperty("role", "muted")
        self.said.setWordWrap(True)
        self.warning = QLabel()
        self.warning.setObjectName("augmented_warning")
        self.warning.setProperty("tone", "warning")
        self.warning.setWordWrap(True)
        self.grid = SampleGrid(session)
        self.labels = Tick("augmented_labels", "Labels", tip="Show masks, points or classes on the pictures")
        self.labels.setChecked(True)
        self.again = QPushButton("Roll again")
        self.again.setObjectName("augmented_again")
        self.again.setToolTip(roll.toolTip())
        self.close_button = QPushButton("Close")
        self.close_button.setObjectName("augmented_close")
        self._arrange()
        self.labels.edited.connect(self.grid.show_labels)
        self.again.clicked.connect(roll.trigger)
        self.close_button.clicked.connect(self.left)
        self.grid.opened.connect(self._go_to)
        roll.triggered.connect(look.roll)
        roll.setEnabled(False)
        look.changed.connect(self._refresh)
        QShortcut(Qt.Key.Key_Escape, self, self.left.emit, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._roll.setEnabled(True)
        self._look.show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._roll.setEnabled(False)
        self._look.hide()

    def _refresh(self) -> None:
        look = self._look
        is_new = look.state is LookState.SHOWN
        seen = () if look.state is LookState.FAILED else look.seen
        sentence = look.sentence or ("" if is_new else _DRAWING)
        self.grid.show_samples(seen, faded=not is_new, message=sentence)
        spec = look.shown_spec
        self.said.setText(look_words(spec, len(seen)) if is_new and spec is not None else sentence if seen else "")
        self.said.setVisible(bool(self.said.text()))
        self.warning.setText(look.warning)
        self.warning.setVisible(bool(look.warning))

    def _arrange(self) -> None:
        heading = QLabel("Augmented samples")
        heading.setProperty("role", "heading")
        top = QHBoxLayout()
        top.addWidget(heading, 1)
        top.addWidget(self.labels)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.again)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self.said)
        layout.addWidget(self.warning)
        layout.addWidget(self.grid, 1)
        layout.addLayout(buttons)

    def _go_to(self, item: int) -> None:
        self._session.show_page(Page.LABEL)
        self._session.open_item(item)
