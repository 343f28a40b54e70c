"""The Label page, built in one place from parts that do not know each other."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.document import PointsDocument
from studio.core.settings import TAG_TASKS, Task
from studio.core.tag_words import prediction_words
from studio.ui.keyboard.bindings import key_bindings
from studio.ui.keyboard.keyed_texts import KeyedTexts
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.class_keys import ClassKeys
from studio.ui.label.class_removal import ClassRemoval
from studio.ui.label.document_pane import DocumentPane
from studio.ui.label.empty_project import EmptyProject
from studio.ui.label.history_panel import HistoryPanel
from studio.ui.label.item_showing import ItemShowing
from studio.ui.label.items_panel import ItemsPanel
from studio.ui.label.kept_choices import KeptChoices
from studio.ui.label.kept_place import KeptPlace
from studio.ui.label.kept_sides import KeptSides
from studio.ui.label.kept_sketches import KeptSketches
from studio.ui.label.label_actions import LabelActions
from studio.ui.label.label_panels import LabelPanels
from studio.ui.label.lock_keeper import LockKeeper
from studio.ui.label.navigator import Navigator
from studio.ui.label.notice_bar import Cause, NoticeBar
from studio.ui.label.options_bar import OptionsBar
from studio.ui.label.picture_panel import PicturePanel
from studio.ui.label.pixel_readout import PixelReadout
from studio.ui.label.proposing.control import ProposalControl
from studio.ui.label.proposing.panel import ProposalPanel
from studio.ui.label.queueing.choices import QueueChoices
from studio.ui.label.queueing.panel import QueuePanel
from studio.ui.label.rulers import RuledCanvas
from studio.ui.label.side_panel import SidePanel
from studio.ui.label.status_strip import StatusStrip
from studio.ui.label.text_showing import TextShowing
from studio.ui.label.tool_bar import ToolBar
from studio.ui.session import Session, Tone
from studio.ui.widgets.tab_order import set_tab_order


class LabelPage(QWidget):
    """Items at the left, the canvas or a document in the middle, classes or keypoints at the right."""

    add_images_requested = Signal()
    """The project has no items, and the person wants to bring some in."""
    _file_noticed = Signal(str)
    """From the thread that writes label files to this one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("label_page")
        self._session = session
        self.choices = Choices(session.settings.task, self)
        KeptChoices(self.choices)
        self._place = KeptPlace(session, self.choices, self)
        self.canvas = Canvas(self.choices, session.settings)
        self.ruled = RuledCanvas(self.canvas, self.choices.seeing)
        self.items = ItemsPanel(session)
        self.document = DocumentPane() if session.settings.task is Task.TEXT else None
        self.showing = (
            TextShowing(session, self.canvas, self.items, self.document, self)
            if self.document is not None
            else ItemShowing(session, self.canvas, self.items, self)
        )
        self.label_actions = LabelActions(self, session, self.choices, self.canvas, self.items, self.showing)
        self.choices.locks.remember_for(session.store.root)
        self._lock_keeper = LockKeeper(self.choices.locks, self.showing, self.canvas, self)
        self.proposing = ProposalControl(session, self)
        self.proposal_actions = self.label_actions.add_proposing(self.proposing)
        self.queue_choices = QueueChoices(self)
        self.queue_actions = self.label_actions.add_queueing(self.queue_choices, self.proposing)
        self.label_actions.drop_what_says_nothing()
        if self.document is not None:
            self.label_actions.add_text_views(self.document)
        self.notice = NoticeBar()
        self.options = OptionsBar(self.choices, self.label_actions.overlay)
        self.status = self._make_status()
        self._readout = PixelReadout(self.canvas, self.ruled, self.status, self)
        tagging = self.label_actions.tagging
        take = tagging.press if tagging is not None else self.choices.choose_class
        self._class_removal = ClassRemoval(session, self)
        self.class_keys = ClassKeys(session, self.label_actions, take, self)
        self.tool_bar = ToolBar(self.label_actions.tools, [self.label_actions.undo, self.label_actions.redo])
        panels = LabelPanels(session, self.choices, self.label_actions, self.class_keys, self._class_removal)
        self._label_panels = panels
        self.classes, self.tags = panels.classes, panels.tags
        self.instances, self.points = panels.instances, panels.points
        self.proposals: ProposalPanel | None = None
        self._lay_out()
        self.keyed = KeyedTexts(self, self.label_actions.all)
        self._connect()
        self.options.show_settings(session.settings)
        self._tool_changed()
        self._sketches = KeptSketches(session.store, self.canvas, self)
        if self._sketches.sentence:
            self._hint(self._sketches.sentence)

    def actions(self) -> list[QAction]:
        """All of the page's actions; each has the property "menu": Edit, View, Tools, Label, Region or Points."""
        return self.label_actions.all

    def apply_window_args(
        self,
        *,
        tool: str | None = None,
        brush_size: int | None = None,
        class_name: str | None = None,
        item_id: int | None = None,
    ) -> None:
        """Start with this tool, brush (diameter in image pixels), class and item; where none is named, with
        those of the last time, else the first.

        A tool or class that the project does not have is said and left alone.
        """
        if tool is not None:
            self._choose_tool_named(tool)
        if brush_size is not None:
            self.choices.set_brush_size(brush_size)
        if class_name is not None:
            self._choose_class_named(class_name)
        self.items.reload()
        first = next((i for i in (item_id, self._place.item, self.items.first) if i is not None), None)
        if first is not None:
            self.items.thumbnails.hold(True)
            self._session.open_item(first)
        self._show_whether_empty()

    def focusInEvent(self, _event: QFocusEvent) -> None:
        """Who gives the page the keyboard means its canvas; a focus proxy would keep Tab from the other parts."""
        (self.document or self.canvas).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape means what is under way also where no part of the page has a use for it, and Enter in the lists of
        items and classes what waits to be painted."""
        if event.key() == Qt.Key.Key_Escape:
            taken = self.canvas.give_up() or self.history.give_up() or self._went_back()
        else:
            in_list = self.items.list.hasFocus() or (self.classes is not None and self.classes.list.hasFocus())
            taken = in_list and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.canvas.hand_key(event)
        if not taken:
            super().keyPressEvent(event)

    def _went_back(self) -> bool:
        """Whoever was led here by a run's mistake goes back to it."""
        overlay = self._session.overlay
        if overlay is None or overlay.came_from is None or overlay.item != self._session.current_item:
            return False
        self._session.show_page(overlay.came_from)
        return True

    def shut_down(self) -> None:
        """End the page's threads; it shows nothing new afterwards."""
        self.canvas.put_away()
        self.canvas.huge_edits.close()
        self._sketches.stop()
        self._place.stop()
        self._lock_keeper.let_go()
        self._class_removal.close()
        self.history.close_down()
        self.showing.close()
        self.queue.shut_down()
        self.proposing.close()
        self.items.close_down()
        if self.label_actions.tagging is not None:
            self.label_actions.tagging.close()
        if self.document is not None:
            self.document.close_down()
        self._readout.stop()
        if self.label_actions.regions is not None:
            self.label_actions.regions.close()
        if self.label_actions.points is not None:
            self.label_actions.points.close()

    # -- construction -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if self.document is not None:
            column.addLayout(self._under_the_notice(self.document), 1)
        else:
            column.addWidget(self.options)
            row = QHBoxLayout()
            row.setSpacing(0)
            row.addWidget(self.tool_bar)
            row.addLayout(self._under_the_notice(self.ruled), 1)
            column.addLayout(row, 1)
        column.addWidget(self.status)
        side = self._make_side()
        self._stack = QStackedWidget()
        self._stack.addWidget(KeptSides(self.items, middle, side))
        empty = EmptyProject()
        empty.add_images_requested.connect(self.add_images_requested)
        self._stack.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        set_tab_order((self.items, self.options, self.tool_bar, self.ruled, self.status, *side.sections.values()))

    def _under_the_notice(self, content: QWidget) -> QGridLayout:
        """The notice lies over the content's top, so that its coming and going moves nothing under the mouse."""
        grid = QGridLayout()
        grid.addWidget(content, 0, 0)
        grid.addWidget(self.notice, 0, 0, Qt.AlignmentFlag.AlignTop)
        self.notice.raise_()
        return grid

    def _make_status(self) -> StatusStrip:
        status = StatusStrip([self.label_actions.fit, self.label_actions.actual_size] if self.document is None else [])
        status.name_classes(self._session.settings.task is Task.SEGMENTATION)
        return status

    def _make_side(self) -> SidePanel:
        side = SidePanel()
        self._label_panels.add_to(side)
        if self._session.settings.task not in TAG_TASKS:
            self.proposals = ProposalPanel(
                self._session,
                self.choices,
                self.showing,
                self.proposing,
                self.proposal_actions,
                self.label_actions.accept_all,
            )
            side.add("proposals", "Proposals", self.proposals, weight=3)
        self.queue = QueuePanel(
            self._session,
            self.queue_choices,
            self.showing,
            self.proposing,
            self.queue_actions,
            self.proposal_actions,
            self.label_actions.accept_all,
        )
        queue = side.add("queue", "Next to label", self.queue, weight=2)
        self.queue.note_changed.connect(queue.set_note)
        queue.set_note(self.queue.note)
        self.history = HistoryPanel(self._session.store, self.showing)
        past = side.add("history", "History", self.history, weight=2)
        self.history.note_changed.connect(past.set_note)
        self.history.failed.connect(self._could_not)
        self.history.said.connect(self._hint)
        self.navigator = Navigator(self.canvas)
        self.picture_panel = PicturePanel(self.choices.seeing)
        if self.document is None:
            side.add("navigator", "Navigator", self.navigator, open_at_first=False)
            side.add("picture", "Picture", self.picture_panel, open_at_first=False)
        else:
            for part in (self.ruled, self.tool_bar, self.options, self.navigator, self.picture_panel):
                part.setParent(self)
                part.hide()
        return side

    def _connect(self) -> None:
        session, canvas, showing = self._session, self.canvas, self.showing
        self.items.item_chosen.connect(self._go_to)
        session.item_opened.connect(self.items.show_item)
        session.settings_changed.connect(self._settings_changed)
        key_bindings().changed.connect(self._tool_changed)
        session.items_changed.connect(lambda ids: None if ids else self._show_whether_empty())
        showing.prediction_changed.connect(self._show_run)
        session.overlay_changed.connect(lambda _overlay: self._show_run())
        self.options.prediction_closed.connect(lambda: session.show_overlay(None))
        self.choices.tool_changed.connect(self._tool_changed)
        canvas.picture_changed.connect(self.navigator.show_picture)
        canvas.picture_changed.connect(self.picture_panel.show_picture)
        canvas.view_changed.connect(lambda: self.status.show_zoom(canvas.viewport.scale))
        canvas.hinted.connect(self._hint)
        canvas.failed.connect(self._could_not)
        if self.label_actions.tagging is not None and self.tags is not None and self.label_actions.tags is not None:
            self.label_actions.tagging.said.connect(self._hint)
            self.label_actions.tagging.failed.connect(self._could_not)
            self.tags.left.connect(self.setFocus)
            self.label_actions.tags.find.triggered.connect(self.tags.focus_search)
        classes = self.tags or self.classes
        if classes is not None:
            self.class_keys.changed.connect(classes.model.show_again)
        if self.document is not None:
            self.document.zoomed.connect(self.status.show_zoom)
            self.status.show_zoom(self.document.percent / 100)
        self.proposing.ended.connect(self._hint)
        self.proposing.failed.connect(lambda sentence: self.notice.say(sentence, Cause.PROPOSING))
        self.proposing.state_changed.connect(self._proposing_changed)
        session.items_changed.connect(lambda ids: self.proposing.note_painted() if ids else None)
        showing.problem.connect(self._show_problem)
        showing.prediction_problem.connect(lambda sentence: self.notice.say(sentence, Cause.PREDICTION))
        showing.document_changed.connect(self._document_changed)
        showing.settled.connect(lambda: self.items.thumbnails.hold(False))
        canvas.points_changed.connect(self._label_panels.show_points)
        self._file_noticed.connect(lambda sentence: self.notice.say(sentence, Cause.ITEM))
        listener = self._file_noticed.emit
        session.store.last_errors.connect(listener)
        self.destroyed.connect(lambda: session.store.last_errors.disconnect(listener))

    # -- what happens -------------------------------------------------------------------------------------------------

    def _go_to(self, item_id: int) -> None:
        if item_id != self._session.current_item:
            self._session.open_item(item_id)

    def _document_changed(self) -> None:
        document = self.showing.document
        if isinstance(document, PointsDocument):
            self._label_panels.show_points(document.points)
        if not self._session.has_unsaved:
            self.status.show_saved("Saved", "check", "ok")
            self.notice.settle(Cause.ACTION)

    def _show_run(self) -> None:
        """Name the run whose prediction is looked at, and what it says about the whole item."""
        overlay, prediction = self._session.overlay, self.showing.prediction
        said = ""
        if prediction is not None and prediction.tags is not None:
            names = {c.id: c.name for c in self._session.settings.known_classes}
            said = prediction_words(self._session.store.read_tags(prediction.item), prediction.tags, names)
        self.options.show_run(overlay.run if overlay is not None else None, said)

    def _settings_changed(self) -> None:
        self.canvas.set_settings(self._session.settings)
        self.options.show_settings(self._session.settings)
        self.class_keys.bind()

    def _hint(self, sentence: str) -> None:
        """Beside the cursor's place, and where there is no room for all of it also on the window's own line."""
        told = self.keyed.fill(sentence)
        self.status.show_hint(told)
        if self.status.hint.shown_text != told:
            self._session.say(told)

    def _tool_changed(self, *_: object) -> None:
        tagging = self.label_actions.tagging
        usage = tagging.usage if tagging is not None else self.canvas.tool.usage
        self.status.show_usage(self.keyed.fill(usage))
        self.canvas.huge_edits.remind()

    def _show_problem(self, sentence: str) -> None:
        if sentence:
            self.notice.say(sentence, Cause.ITEM)
        else:
            self.notice.settle(*Cause)  # another item

    def _proposing_changed(self) -> None:
        if self.proposing.is_busy:
            self.notice.settle(Cause.PROPOSING)

    def _could_not(self, sentence: str) -> None:
        self.notice.say(sentence, Cause.ACTION)
        self.status.show_saved("Not saved", "warning", "danger", sentence)

    def _show_whether_empty(self) -> None:
        has_items = bool(self.items.model.ids) or self._session.store.counts().total > 0
        self._stack.setCurrentIndex(0 if has_items else 1)
        if has_items and self._session.current_item is None and self.items.first is not None:
            QTimer.singleShot(0, self, lambda: self._go_to(self.items.first or 0))

    def _choose_tool_named(self, name: str) -> None:
        if name in list(ToolName):
            self.choices.choose_tool(ToolName(name))
        if self.choices.tool != name:
            tools = ", ".join(action.text().lower() for action in self.label_actions.tools)
            self._session.say(f"This project has no tool called {name}; it has {tools}.", Tone.WARNING)

    def _choose_class_named(self, name: str) -> None:
        found = next((c for c in self._session.settings.classes if c.name.lower() == name.lower()), None)
        if found is None:
            self._session.say(f"This project has no class called {name}.", Tone.WARNING)
        else:
            self.choices.choose_class(found.id)
