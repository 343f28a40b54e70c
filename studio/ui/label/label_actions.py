"""The Label page's actions and what they do to its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.core.errors import StudioError
from studio.core.settings import TAG_TASKS, Task
from studio.ui.keyboard.keyed_texts import key_of
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.label.document_pane import DocumentPane
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.overlay_colors import View
from studio.ui.label.page_actions import PageActions
from studio.ui.label.point_actions import PointActions
from studio.ui.label.proposing.accepting import Accepting
from studio.ui.label.proposing.actions import ProposalActions
from studio.ui.label.proposing.control import ProposalControl
from studio.ui.label.queueing.actions import QueueActions
from studio.ui.label.queueing.choices import QueueChoices
from studio.ui.label.queueing.trail import QueueTrail
from studio.ui.label.region_actions import RegionActions
from studio.ui.label.region_editing import RegionEditing
from studio.ui.label.selection_actions import SelectionActions
from studio.ui.label.sequence_editing import SequenceEditing
from studio.ui.label.tagging.actions import FOR_PICTURES, FOR_PIXELS, TagActions
from studio.ui.label.tagging.tagging import Tagging
from studio.ui.label.text_view_actions import TextViewActions
from studio.ui.label.view_actions import ViewActions
from studio.ui.session import Session

_OPACITY_STEP: Final = 0.1


class LabelActions:
    """`all` in the order of the menus; the ones that have buttons also by name."""

    def __init__(
        self, page: QWidget, session: Session, choices: Choices, canvas: Canvas, items: ItemsPanel, showing: ItemShowing
    ) -> None:
        self._session = session
        self._choices = choices
        self._canvas = canvas
        self._items = items
        self._showing = showing
        self._actions = PageActions(page, choices)
        self._trail = QueueTrail(session, items)
        self.tagging = Tagging(session, items, showing, self._trail, page) if choices.task in TAG_TASKS else None
        self.accepting = Accepting(session, choices, canvas, showing, self.tagging)
        self._add_editing()
        self._add_viewing()
        self._actions.add_tools()
        self._add_labelling()
        self.regions: RegionActions | None = None
        if choices.task is Task.SEGMENTATION:
            sequence = SequenceEditing(session, choices, canvas)
            self.regions = RegionActions(self._actions, choices, RegionEditing(choices, canvas, page), sequence)
        self.points = PointActions(self._actions, session, choices, canvas) if choices.task is Task.KEYPOINTS else None
        self.tags = TagActions(self._actions, self.tagging) if self.tagging is not None else None
        SelectionActions(self._actions, items, canvas.hint)
        self._add_moving_on()
        showing.document_changed.connect(self._show_history)
        session.proposals_changed.connect(lambda _ids: self._show_history())
        showing.prediction_changed.connect(self._show_prediction)
        choices.overlay_shown_changed.connect(self.overlay.setChecked)
        self._show_history()
        self._show_prediction()

    def add_proposing(self, control: ProposalControl) -> ProposalActions:
        """The actions that ask models for labels."""
        return ProposalActions(
            self._actions, self._session, self._choices, self._items, self._showing, self.accepting, control
        )

    def add_queueing(self, choices: QueueChoices, control: ProposalControl) -> QueueActions:
        """The actions of what to label next."""
        return QueueActions(self._actions, self._session, choices, self._canvas, self._trail, control)

    def drop_what_says_nothing(self) -> None:
        """Once all are added: take away what a project of this task has no use for."""
        if self._choices.task in TAG_TASKS:
            self._actions.drop(FOR_PIXELS)
        if self._choices.task is Task.TEXT:
            self._actions.drop(FOR_PICTURES)

    def add_text_views(self, pane: DocumentPane) -> None:
        """The actions that change how a document is seen."""
        TextViewActions(self._actions, pane)

    @property
    def all(self) -> list[QAction]:
        return self._actions.all

    @property
    def tools(self) -> list[QAction]:
        return list(self._actions.tools.values())

    @property
    def reserved_keys(self) -> frozenset[str]:
        """The single characters that are taken."""
        return self._actions.reserved_keys

    def _add_editing(self) -> None:
        add, keys = self._actions.add, QKeySequence.StandardKey
        self._actions.begin("history")
        self.undo = add("undo", "Undo", keys.Undo, self._undo, menu="Edit", icon="undo")
        self.redo = add("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), self._redo, menu="Edit", icon="redo")
        self._actions.begin("find")
        self.search = add("search", "Find items", keys.Find, self._items.focus_search, menu="Edit")

    def _add_viewing(self) -> None:
        add, canvas, choices = self._actions.add, self._canvas, self._choices
        self._actions.begin("zoom")
        self.fit = add("fit", "Fit the picture", ("F", "Ctrl+0"), canvas.fit, menu="View", icon="fit")
        self.actual_size = add(
            "actual_size", "Actual pixels", "Z", canvas.show_actual_size, menu="View", icon="actual_size"
        )
        add("zoom_in", "Zoom in", ("+", "=", "Ctrl++", "Ctrl+="), lambda: canvas.zoom(2), menu="View")
        add("zoom_out", "Zoom out", ("-", "Ctrl+-"), lambda: canvas.zoom(-2), menu="View")
        self._actions.begin("label")
        self.overlay = add(
            "overlay", "Show the label", "O", self._toggle_overlay, menu="View", icon="eye", checkable=True
        )
        self.overlay.setChecked(choices.overlay_shown)
        add("fainter", "Fainter label", ",", lambda: choices.set_opacity(choices.opacity - _OPACITY_STEP), menu="View")
        add(
            "stronger", "Stronger label", ".", lambda: choices.set_opacity(choices.opacity + _OPACITY_STEP), menu="View"
        )
        ViewActions(self._actions, choices.seeing)
        self._actions.begin("label")
        self.next_view = add(
            "next_view", "Label, prediction, difference", "D", choices.cycle_view, menu="View", icon="difference"
        )

    def _add_labelling(self) -> None:
        add, choices = self._actions.add, self._choices
        if choices.task is Task.SEGMENTATION:
            self._actions.begin("brush")
            add("smaller_brush", "Smaller brush", "[", lambda: choices.step_brush_size(-1), menu="Tools")
            add("larger_brush", "Larger brush", "]", lambda: choices.step_brush_size(1), menu="Tools")
            add("brush_shape", "Round or square brush", "Q", self._toggle_shape, menu="Tools")
            self._actions.begin("classes")
            add("previous_class", "Previous class", "Ctrl+Up", lambda: self._step_class(-1), menu="Label")
            add("next_class", "Next class", "Ctrl+Down", lambda: self._step_class(1), menu="Label")
        self._actions.begin("accept")
        self.accept_here = add(
            "accept_here", "Accept the prediction here", "A", self.accepting.here, menu="Label", icon="accept"
        )
        self.accept_all = add("accept_all", "Accept the whole prediction", "Shift+A", self.accepting.all, menu="Label")

    def _add_moving_on(self) -> None:
        add, items = self._actions.add, self._items
        self._actions.begin("items")
        previous_keys, next_keys = ("Shift+N", "PgUp", "Ctrl+Left"), ("N", "PgDown", "Ctrl+Right")
        add("previous_item", "Previous item", previous_keys, lambda: items.step(-1), menu="Label", icon="previous")
        add("next_item", "Next item", next_keys, lambda: items.step(1), menu="Label", icon="next")
        add("next_unlabelled", "Next unlabelled item", "U", self._next_unlabelled, menu="Label")

    def _undo(self) -> None:
        """Only ever on the item that is shown, and on those that the last action labelled along with it."""
        discarding = self.accepting.discarding
        if self._canvas.tool.is_busy:
            self._try(self._canvas.tool.step_back)
        elif self._canvas.huge_edits.give_up_last():
            return
        elif discarding.can_undo:
            self._try(discarding.undo)
        elif self.tagging is not None and self.tagging.undo():
            return
        elif self._showing.seen is not None:
            document = self._showing.seen
            self._canvas.hint("")  # what was said of the step is over with it
            self._try(lambda: document.undo() or self._canvas.hint("There is nothing to undo on this item."))

    def _redo(self) -> None:
        document, tool, discarding = self._showing.seen, self._canvas.tool, self.accepting.discarding
        if discarding.can_redo and not tool.is_busy:
            self._try(discarding.redo)
            return
        if (self.tagging is not None and self.tagging.redo()) or tool.step_forward():
            return
        if document is not None and not tool.is_busy:
            self._canvas.hint("")
            self._try(lambda: document.redo() or self._canvas.hint("There is nothing to redo on this item."))

    def _toggle_shape(self) -> None:
        if self._choices.has_brush:
            self._choices.brush.toggle_shape(self._choices.tool)

    def _toggle_overlay(self) -> None:
        self._choices.show_overlay(self.overlay.isChecked())

    def _step_class(self, steps: int) -> None:
        """Classes that have no key of their own are a few steps away."""
        ids = [c.id for c in self._session.settings.classes]
        if self._choices.class_id in ids:
            self._choices.choose_class(ids[(ids.index(self._choices.class_id) + steps) % len(ids)])

    def _next_unlabelled(self) -> None:
        if not self._items.next_unlabelled():
            self._canvas.hint("Every item that the filter lets through is labelled.")

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)

    def _show_history(self) -> None:
        document = self._showing.document
        undo = document.undo_text if document is not None else ""
        redo = document.redo_text if document is not None else ""
        discarding = self.accepting.discarding
        undo = discarding.what if discarding.can_undo else undo
        redo = discarding.what if discarding.can_redo else redo
        self.undo.setText(f"Undo {undo}".strip())
        self.redo.setText(f"Redo {redo}".strip())
        self.undo.setToolTip(f"{self.undo.text()} ({key_of(self.undo)})")
        self.redo.setToolTip(f"{self.redo.text()} ({key_of(self.redo)})")

    def _show_prediction(self) -> None:
        """What concerns a prediction is offered while there is one."""
        there = self._showing.prediction is not None
        for action in (self.next_view, self.accept_here, self.accept_all):
            action.setEnabled(there)
        if not there:
            self._choices.set_view(View.LABEL)
