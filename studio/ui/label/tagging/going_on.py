"""Where the choice of an item's class leads: along the queue, to the next unlabelled item, or nowhere."""

from __future__ import annotations

from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.queueing.trail import QUEUE_ENDS, QueueTrail
from studio.ui.session import Session


class GoingOn:
    """Whoever labels comes to what is not labelled yet, so that no class is overwritten unseen. Whoever chooses for a
    labelled item goes through the list as it is, and whoever was led here by a run's mistake goes back there."""

    def __init__(self, session: Session, items: ItemsPanel, trail: QueueTrail) -> None:
        self._session = session
        self._items = items
        self._trail = trail

    def leave(self, item: int, *, was_labelled: bool) -> str:
        """Go on from `item`, for which a class was chosen just now; says in a sentence why it cannot, empty where
        there is nothing to say."""
        overlay = self._session.overlay
        if overlay is not None and overlay.item == item and overlay.came_from is not None:
            return ""
        if item in self._trail:
            if self._trail.go_on():
                return ""
            self._items.next_unlabelled(only_ahead=True)
            return QUEUE_ENDS
        if was_labelled:
            self._items.step(1)
        else:
            self._items.next_unlabelled(only_ahead=True)
        return "" if self._session.current_item != item else self._end()

    def _end(self) -> str:
        if self._items.has_unlabelled:
            return "No unlabelled item follows in the list; {next_unlabelled} goes to the ones before."
        if self._items.following()[1:]:
            return "Every item that the filter lets through is labelled."
        return "This was the last item of the list."
