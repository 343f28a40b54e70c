"""The recipe's stages as cards one below the other."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.core.progressive import growing_sizes, size_row
from studio.core.settings import Task
from studio.ui.theme import theme
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.stage_card import StageCard

_GROW_TIP: Final = (
    "Progressive resizing: the recipe's epochs spread over growing sizes of the pictures, at each the head first where "
    "the encoder knows something already"
)
_TOO_SMALL: Final = "The pictures are too small to begin with smaller ones"


class StageList(QWidget):
    """As many cards as the draft has stages; a card is reused for whatever stage comes to stand at its place.
    `batch_asked` when a person wants a batch size proposed for the stage that is then selected."""

    batch_asked = Signal()

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.cards: list[StageCard] = []
        self._can_propose = True
        self._cards = QVBoxLayout()
        self._cards.setSpacing(8)
        self.add = QPushButton("Add stage")
        self.add.setObjectName("add_stage")
        self.add.setToolTip("One more stage, for the whole network")
        self.add.clicked.connect(draft.add_stage)
        self.double = QPushButton("Double the size")
        self.double.setObjectName("add_double_stage")
        self.double.setToolTip("One more stage at twice the height and width of the last one, with half its batch")
        self.double.clicked.connect(lambda: draft.double_size(len(draft.stages) - 1))
        self.grow = QPushButton()
        self.grow.setObjectName("grow_stages")
        self.grow.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.grow.setAccessibleName("Progressive resizing")
        self.grow.clicked.connect(draft.grow)
        row = QHBoxLayout()
        row.addWidget(self.add, 1)
        row.addWidget(self.double, 1)
        if draft.spec.task is Task.TEXT:
            self.double.hide()
            self.grow.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._cards)
        layout.addLayout(row)
        layout.addWidget(self.grow)
        draft.changed.connect(self.refresh)
        draft.stage_selected.connect(self._show_selected)
        theme().changed.connect(self._dress)
        self._dress()
        self.refresh()

    def refresh(self) -> None:
        while len(self.cards) > len(self._draft.stages):
            card = self.cards.pop()
            self._cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self.cards) < len(self._draft.stages):
            card = StageCard(self._draft, len(self.cards), self)
            card.batch_asked.connect(self.batch_asked)
            card.propose_batch.setEnabled(self._can_propose)
            self.cards.append(card)
            self._cards.addWidget(card)
        for card in self.cards:
            card.refresh()
        sizes = growing_sizes(self._draft.spec, self._draft.image_size)
        self.grow.setEnabled(len(sizes) > 1)
        self.grow.setText(f"Grow {size_row(sizes)}" if self.grow.isEnabled() else "Progressive resizing")
        self.grow.setToolTip(_GROW_TIP if self.grow.isEnabled() else _TOO_SMALL)

    def let_propose(self, can_propose: bool) -> None:
        """Whether a batch size can be asked for now."""
        self._can_propose = can_propose
        for card in self.cards:
            card.propose_batch.setEnabled(can_propose)

    def _show_selected(self, index: int) -> None:
        for i, card in enumerate(self.cards):
            card.show_selected(i == index)

    def _dress(self) -> None:
        self.add.setIcon(theme().icon("plus", "muted"))
        self.grow.setIcon(theme().icon("images", "muted"))
        self.double.setIcon(theme().icon("grow", "muted"))
