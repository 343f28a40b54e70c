"""Over the recipe's form: what can be done with the recipe as a whole, and its stages as a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from studio.ui.train.fields import section
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.stage_timeline import StageTimeline


class RecipeHeader(QWidget):
    def __init__(self, draft: RecipeDraft, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recipe_header")
        self.timeline = StageTimeline(draft)
        self._draft = draft
        self._strip = _Strip(self.timeline)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(section("Recipe"))
        row.addStretch(1)
        for action in actions:
            row.addWidget(_tool(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._strip)
        self._soon = QTimer(self, singleShot=True, interval=0)  # a block that is new has its place after the layout
        self._soon.timeout.connect(self._reveal)
        draft.stage_selected.connect(lambda _index: self._soon.start())

    def _reveal(self) -> None:
        self._strip.reveal(self.timeline.block(self._draft.selected).toRect())


class _Strip(QScrollArea):
    """As high as the timeline; scrolls sideways where so many stages do not fit."""

    def __init__(self, timeline: StageTimeline) -> None:
        super().__init__()
        self.setWidget(timeline)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.horizontalScrollBar().rangeChanged.connect(lambda _least, _most: self.updateGeometry())

    def sizeHint(self) -> QSize:
        bar = self.horizontalScrollBar()
        more = bar.sizeHint().height() if bar.maximum() > bar.minimum() else 0
        return QSize(240, cast(QWidget, self.widget()).sizeHint().height() + more)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def reveal(self, part: QRect) -> None:
        self.ensureVisible(part.right(), 0, 8, 0)
        self.ensureVisible(part.left(), 0, 8, 0)


def _tool(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setObjectName(f"{action.objectName().removeprefix('train_')}_button")
    button.setDefaultAction(action)
    button.setAccessibleName(action.text())
    button.setIconSize(QSize(16, 16))
    if action.iconText() != action.text().removesuffix("…"):
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
