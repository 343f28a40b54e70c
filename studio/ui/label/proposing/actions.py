"""The actions that ask for proposals, and those that take them over or put them away."""

from __future__ import annotations

from PySide6.QtGui import QAction

from studio.core.items import LabelState
from studio.core.proposals import FROM_STROKES
from studio.core.settings import Task
from studio.store import ItemFilter
from studio.ui.label.choices import Choices
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.page_actions import PageActions
from studio.ui.label.proposing.accepting import Accepting
from studio.ui.label.proposing.control import ProposalControl
from studio.ui.session import Session


class ProposalActions:
    """Also known by name to the panel, whose buttons they are."""

    def __init__(
        self,
        actions: PageActions,
        session: Session,
        choices: Choices,
        items: ItemsPanel,
        showing: ItemShowing,
        accepting: Accepting,
        control: ProposalControl,
    ) -> None:
        self._session = session
        self._choices = choices
        self._items = items
        self._showing = showing
        self._control = control
        add = actions.add
        self.accept_class: QAction | None = None
        actions.begin("propose")
        self.here = add("propose_here", "Propose labels here", "Y", self.propose_here, menu="Label", icon="sparkle")
        self.ahead = add(
            "propose_next",
            "Propose for this and the next unlabelled items",
            "Shift+Y",
            self.propose_ahead,
            menu="Label",
        )
        mark = "placed point" if choices.task is Task.KEYPOINTS else "painted pixel"
        self.everywhere = add(
            "propose_all",
            f"Propose for all items without a {mark}",
            "Ctrl+Alt+Y",
            self.propose_everywhere,
            menu="Label",
        )
        self.cancel = add("stop_proposing", "Stop proposing", "Ctrl+Shift+Y", control.cancel, menu="Label")
        actions.begin("accept")
        if choices.task is Task.SEGMENTATION:
            self.accept_class = add(
                "accept_class", "Accept the chosen class", "Ctrl+Shift+A", accepting.of_class, menu="Label"
            )
        self.discard = add("discard_proposal", "Discard the proposal", "Ctrl+D", accepting.discard, menu="Label")
        showing.prediction_changed.connect(self._show)
        showing.document_changed.connect(accepting.follow_history)
        control.state_changed.connect(self._show)
        choices.proposals.changed.connect(self._show)
        self._show()

    def propose_here(self) -> None:
        """For the item that is shown."""
        if self._showing.item is not None:
            self._control.propose(self._choices.proposals.source, [self._showing.item.id])

    def propose_ahead(self) -> None:
        """For the item that is shown and the unlabelled ones that follow it in the list, so many in all."""
        item = self._showing.item
        if item is None:
            return
        unlabelled = set(self._session.store.item_ids(ItemFilter(states=(LabelState.UNLABELLED,))))
        following = [i for i in self._items.following() if i in unlabelled]
        self._control.propose(self._choices.proposals.source, [item.id, *following][: self._choices.proposals.ahead])

    def propose_everywhere(self) -> None:
        """For every unlabelled item of the project, those that follow the shown one first."""
        ids = self._session.store.item_ids(ItemFilter(states=(LabelState.UNLABELLED,)))
        if not ids:
            mark = "a placed point" if self._choices.task is Task.KEYPOINTS else "a painted pixel"
            self._control.ended.emit(f"Every item has {mark} already; {{propose_here}} proposes for the one shown.")
            return
        wanted = set(ids)
        ahead = [i for i in self._items.following() if i in wanted]
        listed = set(ahead)
        self._control.propose(self._choices.proposals.source, [*ahead, *(i for i in ids if i not in listed)])

    def _show(self) -> None:
        """Each is offered while it can do something."""
        source, busy = self._choices.proposals.source, self._control.is_busy
        can = bool(source) and not busy and (source == FROM_STROKES or self._control.has_engine)
        for action in (self.here, self.ahead, self.everywhere):
            action.setEnabled(can)
        self.cancel.setEnabled(busy)
        prediction = self._showing.prediction
        if self.accept_class is not None:
            self.accept_class.setEnabled(prediction is not None)
        self.discard.setEnabled(prediction is not None and prediction.is_proposal)
