"""Going along the queue of what to label next, and knowing whether the shown item came out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from studio.ui.label.items_panel import ItemsPanel
from studio.ui.session import Session

QUEUE_ENDS: Final = "Everything in the queue is labelled; train on it, then {rank_queue} chooses anew."


class QueueTrail:
    """An item belongs to it once the queue has led there, until the person comes to it some other way."""

    def __init__(self, session: Session, items: ItemsPanel) -> None:
        self._session = session
        self._items = items
        self._led_to: set[int] = set()
        self._is_kept = False
        session.item_opened.connect(self._opened)

    def __contains__(self, item: int) -> bool:
        return item in self._led_to

    def go_on(self) -> bool:
        """To the next item that waits in the queue, from its end on the first again; says whether there is one."""
        following = self._session.store.queue.next(self._session.current_item)
        if following is None:
            return False
        self._led_to.add(following)
        with self.kept():
            self._items.item_chosen.emit(following)
        self._items.follow_queue()
        return True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whoever opens an item meanwhile follows the trail, or comes back along it."""
        self._is_kept = True
        try:
            yield
        finally:
            self._is_kept = False

    def _opened(self, item: int) -> None:
        if not self._is_kept:
            self._led_to.discard(item)
