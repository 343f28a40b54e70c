"""Trick cards: what each says and can change in a recipe, and which one fits what a run has just done."""

from studio.core.cards.card import Card, Deck, load_deck
from studio.core.cards.changes import Change, changed_recipe
from studio.core.cards.dealer import Dealer
from studio.core.cards.triggers import Trigger

__all__ = ["Card", "Change", "Dealer", "Deck", "Trigger", "changed_recipe", "load_deck"]
