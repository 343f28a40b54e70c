"""The page's three columns, as wide as they were the last time."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QSplitter, QWidget

_WIDTHS: Final = (256, 1000, 224)
"""Of items, canvas and classes in logical pixels at the start; the canvas takes what is left."""

_NARROWEST: Final = (216, 540, 198)
"""The least widths of the same: the middle then has room for the options of any tool in the smallest window."""

_KEY: Final = "label/sides"


class KeptSides(QSplitter):
    def __init__(self, items: QWidget, middle: QWidget, side: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setChildrenCollapsible(False)
        for part, minimum in zip((items, middle, side), _NARROWEST, strict=True):
            part.setMinimumWidth(minimum)
            self.addWidget(part)
        self.setStretchFactor(1, 1)
        self.setSizes(list(_WIDTHS))
        kept = QSettings().value(_KEY)
        if isinstance(kept, QByteArray):
            self.restoreState(kept)
        self.splitterMoved.connect(lambda: QSettings().setValue(_KEY, self.saveState()))
