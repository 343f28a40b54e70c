"""Which unlabelled item comes next: in the list's order, any one, or one that a model is unsure about or has queued."""

from __future__ import annotations

import enum
from typing import Final

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from studio.ui.keyboard.keyed_texts import set_keyed_tip

_KEY: Final = "label/next_order"


class NextOrder(enum.StrEnum):
    IN_ORDER = "in order"
    RANDOM = "random"
    UNCERTAIN = "most uncertain first"
    QUEUED = "what to label next"


class NextOrderBox(QWidget):
    """The choice beside “Next unlabelled item”; kept between sessions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Next unlabelled item")
        set_keyed_tip(
            self.box,
            "Which unlabelled item comes next ({next_unlabelled}); the uncertainty is that of the last proposal;"
            " items without one, or outside the queue of what to label next, come last",
        )
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for order in NextOrder:
            self.box.addItem(order.capitalize(), order)
        stored = str(QSettings().value(_KEY, NextOrder.IN_ORDER))
        self.choose(NextOrder(stored) if stored in list(NextOrder) else NextOrder.IN_ORDER)
        self.box.activated.connect(lambda _row: QSettings().setValue(_KEY, str(self.order)))
        label = QLabel("Next up")
        label.setProperty("role", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label)
        row.addWidget(self.box, 1)

    @property
    def order(self) -> NextOrder:
        return NextOrder(self.box.currentData())

    def choose(self, order: NextOrder) -> None:
        self.box.setCurrentIndex(list(NextOrder).index(order))
