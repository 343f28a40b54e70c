"""The cards of one open project: its deck, what the run that goes has been dealt, and what they do to the recipe."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.cards import Card, Dealer, load_deck
from studio.core.events import Failed, RunEvent
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.store import RunRecord
from studio.ui.cards.applying import CardApplying
from studio.ui.cards.catching_up import CaughtUp, catch_up
from studio.ui.cards.muted import muted_cards, remember_muted
from studio.ui.run_control import RunControl
from studio.ui.session import Page, Session
from studio.ui.widgets.work_queue import WorkQueue

if TYPE_CHECKING:
    from studio.ui.train.recipe_draft import RecipeDraft


class CardTable(QObject):
    """Shared by the bar on the Train page and the Cards page, which do not know each other. No widget here."""

    dealt = Signal(object)
    """A `Card` that fits what the run has just done."""
    cleared = Signal()
    """Another run begins; what was dealt in the one before is history."""
    muted_changed = Signal()
    wanted = Signal(object)
    """A `Card` that somebody wants to read large."""

    def __init__(
        self, session: Session, control: RunControl, draft: RecipeDraft, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.deck = load_deck().of_task(session.settings.task)
        self.applying = CardApplying(draft, self)
        self.dealt_cards: list[Card] = []
        """Those of the run that goes, or went last, in the order in which they came."""
        self.wanted_card: Card | None = None
        self._dealer: Dealer | None = None
        self._run_failed = False
        self._work = WorkQueue("cards", self)
        self._waiting: list[RunEvent] | None = None
        """What the run says while what it had said before is being read."""
        self._known: CaughtUp | None = None
        control.started.connect(self._begin)
        control.events.connect(self._take)
        control.ended.connect(self._end)
        if control.is_busy and control.record is not None:
            self._catch_up(control.record)

    def detail(self, card: Card) -> str:
        """What the card was dealt for in this run, such as names of classes; mostly empty."""
        return self._dealer.detail(card) if self._dealer is not None else ""

    def read(self, card: Card) -> None:
        """Show it large, on the Cards page."""
        self.wanted_card = card
        self._session.show_page(Page.CARDS)
        self.wanted.emit(card)

    def is_muted(self, card: Card) -> bool:
        return card.id in muted_cards()

    def mute(self, card: Card, *, muted: bool) -> None:
        """Deal this card no more, in no project; or again, from the next run on."""
        remember_muted(card.id, muted=muted)
        if muted and self._dealer is not None:
            self._dealer.mute(card.id)
        self.muted_changed.emit()

    def close(self) -> None:
        """End the thread that reads what a run had said before."""
        self._work.abandon()

    def _begin(self, record: RunRecord) -> None:
        self._dealer = Dealer(self.deck.cards, record.spec, muted=muted_cards())
        self._run_failed = False
        self._waiting = self._known = None
        self.dealt_cards = []
        self.cleared.emit()

    def _catch_up(self, record: RunRecord) -> None:
        """Deal for what the run has said already, as for what it says from now on."""
        self._begin(record)
        dealer = self._dealer
        assert dealer is not None
        self._waiting = []
        read = partial(catch_up, record.folder, dealer)
        self._work.do(read, partial(self._caught_up, dealer), lambda _sentence: self._caught_up(dealer, None))

    def _caught_up(self, dealer: Dealer, known: CaughtUp | None) -> None:
        if dealer is not self._dealer:  # another run has begun meanwhile
            return
        said, self._waiting, self._known = self._waiting or [], None, known
        if known is not None:
            self._run_failed = known.has_failed
            for card in known.dealt:
                self._deal(card)
        self._take(said)

    def _take(self, events: list[RunEvent]) -> None:
        if self._waiting is not None:
            self._waiting += events
            return
        for event in self._known.new_of(events) if self._known is not None else events:
            self._run_failed = self._run_failed or isinstance(event, Failed)
            self._see(event)

    def _end(self, _record: RunRecord, outcome: RunOutcome) -> None:
        """A process that was killed for its memory could say nothing about it; what helps does."""
        if outcome.remedy is Remedy.HALVE_BATCH and not self._run_failed:
            self._take([Failed(outcome=OutcomeKind.OUT_OF_MEMORY, sentence=outcome.sentence)])

    def _see(self, event: RunEvent) -> None:
        """The weightiest of the cards that fit comes last, and so on top."""
        if self._dealer is not None:
            for card in reversed(self._dealer.see(event)):
                self._deal(card)

    def _deal(self, card: Card) -> None:
        self.dealt_cards.append(card)
        self.dealt.emit(card)
