"""The actions that choose what to label next, and that go there."""

from __future__ import annotations

from studio.ui.keyboard.keyed_texts import key_of
from studio.ui.label.canvas import Canvas
from studio.ui.label.page_actions import PageActions
from studio.ui.label.proposing.control import ProposalControl
from studio.ui.label.queueing.choices import QueueChoices
from studio.ui.label.queueing.trail import QUEUE_ENDS, QueueTrail
from studio.ui.session import Session


class QueueActions:
    """Also known by name to the panel, whose buttons they are."""

    def __init__(
        self,
        actions: PageActions,
        session: Session,
        choices: QueueChoices,
        canvas: Canvas,
        trail: QueueTrail,
        control: ProposalControl,
    ) -> None:
        self._session = session
        self._choices = choices
        self._canvas = canvas
        self._trail = trail
        self._control = control
        actions.begin("items")
        self.next = actions.add("next_queued", "What to label next", "Ctrl+J", self.go_on, menu="Label")
        self.rank = actions.add(
            "rank_queue", "Choose what to label next with a run", "Ctrl+Shift+J", self.choose, menu="Label"
        )
        control.state_changed.connect(self._show)
        choices.changed.connect(self._show)
        self._show()

    def go_on(self) -> None:
        """To the next item that waits in the queue; from its end on the first again."""
        if not self._trail.go_on():
            self._canvas.hint(self._why_none())

    def choose(self) -> None:
        """With the chosen run's model; its queue takes the place of the one before."""
        self._control.rank(self._choices.run, self._choices.places)

    def _why_none(self) -> str:
        state = self._session.store.queue.state()
        if state.left:
            return "This is the only item that is left in the queue."
        if state.total:
            return QUEUE_ENDS
        if self._choices.run:
            return "Nothing is queued yet: {rank_queue} chooses what to label next."
        return "Train a run first; then its model says what to label next."

    def _show(self) -> None:
        run = f"run {self._choices.run}" if self._choices.run else "a run"
        self.rank.setText(f"Choose what to label next with {run}")
        self.rank.setToolTip(f"{self.rank.text()} ({key_of(self.rank)})")
        self.rank.setEnabled(bool(self._choices.run) and self._control.has_engine and not self._control.is_busy)
