"""Putting a proposal away on the Label page, as a step of its item that undo takes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from studio.core.proposals import Proposal
from studio.ui.label.canvas import Canvas
from studio.ui.label.item_showing import ItemShowing
from studio.ui.session import Session

DISCARDED: Final = "Discarded ({undo} offers it again)."


@dataclass(frozen=True)
class _Discard:
    """`closed` as the project keeps the proposal since; `accepting` are the edits that had taken it over before, `head`
    is the edit that the item showed."""

    closed: Proposal
    accepting: frozenset[int]
    head: int


class Discarding:
    """No label changes, so that the journal knows nothing of it: it is remembered here, by item, for as long as the
    project is open. It comes after the edit that its item shows and before those that follow."""

    what = "discarding the proposal"

    def __init__(self, session: Session, canvas: Canvas, showing: ItemShowing) -> None:
        self._session = session
        self._canvas = canvas
        self._showing = showing
        self._done: dict[int, _Discard] = {}
        self._undone: dict[int, _Discard] = {}
        showing.document_changed.connect(self._forget_undone)

    @property
    def can_undo(self) -> bool:
        """Whether it is the last that was done to the shown item."""
        return self._here(self._done, is_open=False) is not None

    @property
    def can_redo(self) -> bool:
        """Whether it is the last that was taken back from the shown item."""
        return self._here(self._undone, is_open=True) is not None

    def put_away(self, proposal: Proposal) -> None:
        """It is not offered until that is undone. Raises CannotWrite."""
        item, store = proposal.item, self._session.store
        accepting = store.proposals.discard(item)
        self._done[item] = _Discard(
            msgspec.structs.replace(proposal, is_open=False), accepting, store.journal.head(item)
        )
        self._undone.pop(item, None)
        self._session.proposals_changed.emit([item])

    def undo(self) -> None:
        """Offer it again. Raises CannotWrite."""
        discard = self._here(self._done, is_open=False)
        if discard is not None:
            item = discard.closed.item
            self._session.store.proposals.offer_again(item, discard.accepting)
            self._undone[item] = self._done.pop(item)
            self._session.proposals_changed.emit([item])
            self._canvas.hint("The proposal is offered again.")

    def redo(self) -> None:
        """Put it away once more. Raises CannotWrite."""
        discard = self._here(self._undone, is_open=True)
        if discard is not None:
            self.put_away(discard.closed)
            self._canvas.hint(DISCARDED)

    def _here(self, among: dict[int, _Discard], *, is_open: bool) -> _Discard | None:
        """Of the shown item, unless it was edited or has another proposal since."""
        document = self._showing.seen
        discard = among.get(document.item.id) if document is not None else None
        if document is None or discard is None or document.is_editing or document.head != discard.head:
            return None
        kept = self._session.store.proposals.of(document.item.id)
        return discard if kept == msgspec.structs.replace(discard.closed, is_open=is_open) else None

    def _forget_undone(self) -> None:
        """Something else was done, or taken back."""
        document = self._showing.document
        discard = self._undone.get(document.item.id) if document is not None else None
        if document is not None and discard is not None and document.head != discard.head:
            del self._undone[document.item.id]
