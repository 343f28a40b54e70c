"""Deals the card that fits what a run has just done; event by event, with a constant amount of work for each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from studio.core.cards.card import Card
from studio.core.cards.changes import changed_recipe
from studio.core.cards.triggers import WATCHES, Trigger
from studio.core.cards.watch import Watch
from studio.core.events import EpochEnd, RunEvent, Step
from studio.core.recipe import RunSpec

_ONLY_FROM_SCRATCH = frozenset({Trigger.TOO_GOOD})
"""A run that goes on from another one's weights is good from its first epoch, and should be."""


_MEASURES = frozenset[type]({Step, EpochEnd})
"""Events that tell of a state; what the others tell happens at once."""


class Dealer:
    """One for each run. No card is dealt twice in it; those in `muted` never. Of several cards for
    the same trigger one whose change would alter the run's recipe comes first."""

    def __init__(self, cards: Sequence[Card], spec: RunSpec, *, muted: Collection[str] = ()) -> None:
        self._muted = set(muted)
        self._dealt: dict[str, str] = {}
        """By card what its condition held for."""
        skipped = _ONLY_FROM_SCRATCH if spec.parent is not None else frozenset[Trigger]()
        if spec.label_errors is not None:  # folds begin anew again and again, which is what the watches look out for
            skipped = frozenset(Trigger)
        self._cards = {
            trigger: sorted(
                (card for card in cards if card.trigger is trigger and card.is_for(spec.task)),
                key=lambda card: card.change is not None and changed_recipe(card.change, spec) is None,
            )
            for trigger in Trigger
            if trigger not in skipped
        }
        self._watches = {trigger: WATCHES[trigger]() for trigger, fitting in self._cards.items() if fitting}
        self._listeners: dict[type, list[tuple[Trigger, Watch]]] = {}
        """By kind of event, those that want to see it: most events are steps, and most watches wait for others."""
        self._lasting = {trigger for trigger, watch in self._watches.items() if watch.hears & _MEASURES}
        """The others' conditions are over with the next event, whatever it is."""
        self._held: set[Trigger] = set()
        """Triggers whose condition held with the last event that they hear: it is dealt for when it comes, not while it
        lasts."""

    def see(self, event: RunEvent) -> list[Card]:
        """The cards that fit after this event, the weightiest trigger's first and one for each trigger at most."""
        listening = self._listening_to(type(event))
        holding = [trigger for trigger, watch in listening if watch.see(event)]
        dealt = [self._next_card(trigger) for trigger in holding if trigger not in self._held]
        if self._held or holding:
            heard = {trigger for trigger, _ in listening}
            self._held = {held for held in self._held if held in self._lasting and held not in heard} | set(holding)
        return [card for card in dealt if card is not None]

    def see_all(self, events: Iterable[RunEvent]) -> list[Card]:
        return [card for event in events for card in self.see(event)]

    def detail(self, card: Card) -> str:
        """What a card was dealt for, such as names of classes; empty where there is nothing to add."""
        return self._dealt.get(card.id, "")

    def mute(self, card_id: str) -> None:
        """Deal this one no more."""
        self._muted.add(card_id)

    def _listening_to(self, kind: type) -> list[tuple[Trigger, Watch]]:
        if kind not in self._listeners:
            self._listeners[kind] = [(t, watch) for t, watch in self._watches.items() if kind in watch.hears]
        return self._listeners[kind]

    def _next_card(self, trigger: Trigger) -> Card | None:
        taken = self._muted | self._dealt.keys()
        card = next((card for card in self._cards[trigger] if card.id not in taken), None)
        if card is not None:
            self._dealt[card.id] = self._watches[trigger].detail
        return card
