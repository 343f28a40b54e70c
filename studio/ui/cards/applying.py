"""Carries out a card's change on the recipe that the Train page shows, says what it changed, and puts it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.cards import Card, changed_recipe
from studio.core.cards.changes import why_not
from studio.core.cards.difference import in_words
from studio.core.recipe import RunSpec

if TYPE_CHECKING:
    from studio.ui.train.recipe_draft import RecipeDraft


@dataclass(frozen=True)
class Applied:
    """`words` tell what the card made of the recipe `before`."""

    card: str
    before: RunSpec
    after: RunSpec
    words: str


class CardApplying(QObject):
    """`changed` when a card may have become of use, or of none: the recipe is another one now."""

    changed = Signal()

    def __init__(self, draft: RecipeDraft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._applied: Applied | None = None
        draft.changed.connect(self.changed)

    def can_apply(self, card: Card) -> bool:
        return card.change is not None and changed_recipe(card.change, self._draft.spec) is not None

    def why_not(self, card: Card) -> str:
        """Why a card with a button cannot be applied."""
        return why_not(card.change, self._draft.spec) if card.change is not None else ""

    def apply(self, card: Card) -> None:
        """Does nothing where the card has nothing to change."""
        before = self._draft.spec
        after = changed_recipe(card.change, before) if card.change is not None else None
        if after is not None:
            self._applied = Applied(card.id, before, after, in_words(before, after))
            self._draft.load(after)

    def applied(self, card: Card) -> Applied | None:
        """What this card did, as long as the recipe is the one that it made."""
        done = self._applied
        return done if done is not None and done.card == card.id and done.after == self._draft.spec else None

    def put_back(self, card: Card) -> None:
        """The recipe as it was; does nothing when it was changed since, which would be lost."""
        done = self.applied(card)
        if done is not None:
            self._applied = None
            self._draft.load(done.before)
