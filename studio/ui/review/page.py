"""The Review page: a run's worst items first, a key for each decision, and what a fine-tuning made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from studio.core.items import Split
from studio.core.review import Decision
from studio.core.settings import TAG_TASKS, Task
from studio.lessons import taught_alike
from studio.ui.review.actions import ReviewActions, When
from studio.ui.review.appearance import Appearance
from studio.ui.review.deciding import Deciding
from studio.ui.review.deciding_bar import DecidingBar
from studio.ui.review.decisions import Decisions
from studio.ui.review.error_search import ErrorSearchMenu
from studio.ui.review.fine_tune import FineTuneBar
from studio.ui.review.gallery import Gallery
from studio.ui.review.history_page import HistoryPage
from studio.ui.review.journal_page import JournalPage
from studio.ui.review.lessons import Lessons
from studio.ui.review.loading import RunChoice, RunFigures, choose_threshold, read_choices, read_figures, read_right
from studio.ui.review.no_runs import NoRuns
from studio.ui.review.note_bar import Asking
from studio.ui.review.point_placing import PointPlacing
from studio.ui.review.relabelling import Relabelling
from studio.ui.review.report_detour import ReportDetour
from studio.ui.review.report_page import ReportPage
from studio.ui.review.summary import summary
from studio.ui.review.top_bar import TopBar, View
from studio.ui.session import Page, Session, Tone
from studio.ui.widgets.work_queue import WorkQueue

_NOBODY_JUDGES: Final = "Label errors are found by what a run trained: finish or stop a run on the Train page first."
_DECISION_ACTIONS: Final = {
    "review_accept": Decision.ACCEPTED,
    "review_label_right": Decision.LABEL_RIGHT,
    "review_leave_out": Decision.LEFT_OUT,
}


class ReviewPage(QWidget):
    """Built from parts that do not know each other: top bar, gallery, decisions, fine-tuning and reports."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_page")
        self._session = session
        self._choices: dict[str, RunChoice] = {}
        self._run: str | None = None
        self._wanted_run: str | None = None
        """To be chosen once it is known."""
        self._wanted_split: Split | None = None
        self._work = WorkQueue("review", self)
        self.decisions = Decisions(session, self)
        self.top = TopBar()
        self.gallery = Gallery(session)
        self.report = ReportPage(session, self._work)
        self.history = HistoryPage(session, self._work)
        self.journal = JournalPage(session, self._work, self.decisions)
        self.fine_tune = FineTuneBar()
        ReportDetour(self.report, self.gallery, self._look_at_item, partial(self._show_view, View.REPORT), self)
        Lessons(session, self._work, self.decisions, self.fine_tune, self)
        self._deciding = Deciding(session, self.gallery, self.decisions, self)
        self.asking = Asking(session, self.gallery, self.decisions, self)
        self.error_search = ErrorSearchMenu(session, self)
        self.no_runs = NoRuns()
        self.relabelling: Relabelling | None = None
        self._wanted_item: int | None = None
        """To be shown once its run is."""
        has_masks = session.settings.task is Task.SEGMENTATION
        self._appearance = Appearance(self.top, self.gallery, has_masks=has_masks, parent=self)
        self._actions = ReviewActions(session.settings.task, self)
        self._add_parts_of_task()
        self._bind_actions()
        self._lay_out()
        self._connect()
        self._show_view(View.ITEMS)
        self.read_runs()

    def actions(self) -> list[QAction]:
        """The page's actions for the menu bar."""
        return [*self._actions.all, *self.report.page_actions()]

    def read_runs(self) -> None:
        """Look for runs with scores, away from the GUI thread."""
        self._work.do(partial(read_choices, self._session.store.root), self._take_choices, self._complain)

    def look_through(self, run: str, split: Split | None) -> None:
        """Show a run's items, or those of one split, as soon as the run is known to have scores."""
        self._wanted_split = split
        self._show_view(View.ITEMS)
        if run in self._choices:
            self._turn_to(run)
        else:
            self._wanted_run = run
            self.read_runs()

    def compare(self, run: str) -> None:
        """Show the before/after report of a run that was fine-tuned, and its items behind that."""
        if run in self._choices:
            self._turn_to(run)
            self._show_report(run)

    @property
    def run(self) -> str | None:
        """The run that is being reviewed."""
        return self._run

    # -- construction -------------------------------------------------------------------------------------------------

    def _add_parts_of_task(self) -> None:
        task = self._session.settings.task
        if task in TAG_TASKS:
            self.relabelling = Relabelling(self._session, self.gallery, self.decisions, self._actions.keys, self)
        if task is Task.KEYPOINTS:
            PointPlacing(self._session, self.gallery, self.decisions, self)

    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        self.journal.lay_out(self._actions["review_undo"], self._actions["review_redo"])
        others: dict[View, QWidget] = {View.REPORT: self.report, View.JOURNAL: self.journal, View.HISTORY: self.history}
        self._views = {View.ITEMS: self.gallery, **others}
        for widget in (*self._views.values(), self.no_runs):
            self.stack.addWidget(widget)
        self._bottom = DecidingBar(self._actions, self.fine_tune)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.asking.bar)
        layout.addWidget(self._bottom)
        self._come_back_by_escape(others.values())

    def _come_back_by_escape(self, others: Iterable[QWidget]) -> None:
        """From each other view to the items, as from a large picture to the grid."""
        for view in others:
            escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), view)
            escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            escape.activated.connect(partial(self._show_view, View.ITEMS))

    def _bind_actions(self) -> None:
        """Say what each action does, and where its keys are listened to."""
        gallery, order = self.gallery, self.gallery.order
        deeds: dict[str, Callable[[], object]] = {
            **{name: partial(self._deciding.decide, decision) for name, decision in _DECISION_ACTIONS.items()},
            "review_edit": self._deciding.edit,
            "review_undo": self.decisions.undo,
            "review_redo": self.decisions.redo,
            "review_preview": gallery.toggle_preview,
            "review_next_pane": gallery.show_next_pane,
            "review_flicker": gallery.flicker_once,
            "review_fainter": self._appearance.fainter,
            "review_stronger": self._appearance.stronger,
            "review_region": self._deciding.accept_region,
            "review_next_region": self._deciding.show_next_region,
            "review_journal": self._turn_journal,
            "review_find_errors": self._find_errors,
            "review_sort": order.sort.showPopup,
            "review_group": order.group.showPopup,
            "review_note": self.asking.open,
        }
        if self.relabelling is not None:
            deeds["review_class"] = self.relabelling.open_palette
            self.relabelling.bind()
        for action in self._actions.all:
            deed = deeds[action.objectName()]
            action.triggered.connect(lambda _checked=False, deed=deed: deed())
        self.addActions(self._actions.of_page)
        gallery.stack.addActions(self._actions.of_pictures)

    def _connect(self) -> None:
        session = self._session
        session.runs_changed.connect(self.read_runs)
        session.review_changed.connect(self._scores_changed)
        session.run_review_asked.connect(self._look_at_when_known)
        session.items_changed.connect(self.gallery.refresh)
        session.settings_changed.connect(self.gallery.refresh_settings)
        self.top.run_chosen.connect(self._choose_run)
        self.top.runs.chosen.connect(self._take_focus)
        self.top.view_chosen.connect(self._show_view)
        self.top.production.clicked.connect(session.production_asked)
        self.top.find_errors.clicked.connect(self._actions["review_find_errors"].trigger)
        self.error_search.proposed.connect(session.propose_run)
        self.gallery.selection_changed.connect(self._show_what_can_be_done)
        self.gallery.shown_changed.connect(self._show_counts)
        self.gallery.threshold_chosen.connect(self._choose_threshold)
        self.gallery.right_wanted.connect(self._count_right)
        self.decisions.decided.connect(lambda _items: self._show_counts())
        self.decisions.stepped.connect(self.gallery.reveal)
        self.history.opened.connect(self._look_at)
        self.fine_tune.proposed.connect(session.propose_run)
        self.journal.opened.connect(self._look_at_item)
        self.no_runs.pressed.connect(lambda: session.show_page(Page.TRAIN))

    # -- runs ---------------------------------------------------------------------------------------------------------

    def _take_choices(self, choices: list[RunChoice]) -> None:
        known = set(self._choices)
        self._choices = {choice.id: choice for choice in choices}
        arrived = [choice for choice in choices if choice.id not in known]
        fine_tuned = [choice for choice in choices if choice.spec.fine_tune is not None]
        self.report.show_choices(fine_tuned)
        self.top.show_report_button(bool(fine_tuned))
        newest = choices[0] if choices else None
        if newest is None:
            self._run = None
        elif self._wanted_run in self._choices and self._wanted_run is not None:
            self._choose_run(self._wanted_run)
            self._wanted_run = None
        elif self._run not in self._choices or (newest in arrived and not self.isVisible()):
            self._choose_run(newest.id)
        self.top.show_runs(choices, self._run)
        if known and newest in arrived and newest is not None and newest.spec.fine_tune is not None:
            self._show_report(newest.id)
        else:
            self._show_view(self._view if choices else View.ITEMS)

    def _choose_run(self, run: str) -> None:
        self._run = run
        self.journal.show_run(run)
        self.error_search.show_run(run)
        self.fine_tune.show_run(run, self._choices[run].spec)
        self._read_figures()

    def _turn_to(self, run: str) -> None:
        """Choose a run in the top bar's place."""
        self._choose_run(run)
        self.top.show_runs(list(self._choices.values()), run)

    def _read_figures(self) -> None:
        if self._run is not None:
            settings = self._session.settings
            work = partial(read_figures, self._session.store.root, self._run, settings.task)
            self._work.do(work, self._take_figures, self._complain)

    def _take_figures(self, figures: RunFigures) -> None:
        if figures.run == self._run:
            other = figures.run != self.gallery.run
            self.decisions.set_run(figures.run)  # not sooner: the items that show are the former run's until now
            self.gallery.show_run(figures)
            self.decisions.set_threshold(figures.threshold)
            self.fine_tune.show_old_items(figures.trained_on)
            self._show_wanted_split()
            if other:
                self.gallery.leave_production()
            self._show_counts()
            wanted, self._wanted_item = self._wanted_item, None
            if wanted is not None:
                self._look_at_item(figures.run, wanted)

    def _count_right(self, run: str, split: Split | None) -> None:
        work = partial(read_right, self._session.store.root, run, split)
        self._work.do(work, partial(self.gallery.show_right, run, split), self._complain)

    def _show_wanted_split(self) -> None:
        """Not before the run's items are there: an empty grid would say that none of them is of this split."""
        split, self._wanted_split = self._wanted_split, None
        if split is not None:
            self.gallery.filters.show_only(split)

    def _choose_threshold(self, threshold: float) -> None:
        run = self._run
        if run is None:
            return
        work = partial(choose_threshold, self._session.store.root, run, threshold)
        self._work.do(work, lambda _done: self._session.review_changed.emit(run), self._complain)

    def _scores_changed(self, run: str) -> None:
        if run != self._run:
            return
        if not self.decisions.is_telling:  # those are counted when they are told
            self._read_figures()

    def _complain(self, sentence: str) -> None:
        self._session.say(sentence, Tone.ERROR)

    # -- what shows ---------------------------------------------------------------------------------------------------

    def _show_view(self, view: View) -> None:
        self._view = view
        self.top.show_view(view)
        if not self._choices:
            self.no_runs.show_runs(self._session.store.runs())
        shown = self._views[view] if self._choices else self.no_runs
        turns = self.stack.currentWidget() is not shown
        self.stack.setCurrentWidget(shown)
        if view is View.HISTORY:
            self.history.read()
        if view is View.JOURNAL:
            self.journal.read()
        self.top.setVisible(bool(self._choices))
        self._bottom.setVisible(bool(self._choices) and view is View.ITEMS)
        if view is not View.ITEMS:
            self.asking.close()
        self._show_what_can_be_done()
        if self.isVisible() and (turns or view is View.ITEMS):
            self._take_focus()

    def _show_report(self, run: str) -> None:
        self.report.choose(run)
        self._show_view(View.REPORT)

    def _find_errors(self) -> None:
        if self._choices:
            self.top.find_errors.open(self.error_search)
        else:
            self._session.say(_NOBODY_JUDGES)

    def _turn_journal(self) -> None:
        self._show_view(View.ITEMS if self._view is View.JOURNAL else View.JOURNAL)

    def _look_at_item(self, run: str, item: int) -> None:
        """An item of a run, whatever the filters let through."""
        if run not in self._choices:
            self._session.say(f"Run {run} has no scores any more.", Tone.WARNING)
            return
        self._show_view(View.ITEMS)
        if run != self._run:
            self._turn_to(run)
            self._wanted_item = item
            return
        if self.gallery.model.row_of(item) is None:
            self.gallery.clear_filters()
        self.gallery.reveal([item])

    def _look_at(self, run: str) -> None:
        """What a run made of the items: the report of a fine-tuning, else its worst items or the errors it scored."""
        choice = self._choices.get(run)
        if choice is None:
            self._session.say(f"Run {run} has no scores, so there is nothing of it to look at.", Tone.WARNING)
        elif choice.spec.fine_tune is not None:
            self.compare(run)
        else:
            self.look_through(run, choice.spec.reviewed_split)

    def _look_at_when_known(self, run: str) -> None:
        """Also a run that ended only now, whose scores are still being looked for."""
        if run in self._choices:
            self._look_at(run)
        else:
            self.look_through(run, self._session.store.run(run).spec.reviewed_split)

    def _show_counts(self) -> None:
        if self._run is None:
            return
        review = self._session.store.review
        tally = review.tally(self._run)
        alike = taught_alike({run: choice.spec for run, choice in self._choices.items()}, self._run)
        learnt = review.learnable_count(alike) + self._session.store.production.counts(self._run).unchanged
        self.fine_tune.show_corrections(learnt)
        self.top.show_summary(summary(self.gallery, review, learnt=learnt, left_out=tally[Decision.LEFT_OUT]))

    def _show_what_can_be_done(self) -> None:
        in_items, has_runs = self._view is View.ITEMS, bool(self._choices)
        for action in self.report.page_actions():
            action.setEnabled(self._view is View.REPORT and self.report.run is not None)
        possible = {
            When.SELECTION: in_items and self.gallery.has_selection,
            When.ITEMS: in_items and has_runs,
            When.STEPS: self._run is not None and self._view in (View.ITEMS, View.JOURNAL),
            When.RUNS: has_runs,
            When.ALWAYS: True,
        }
        self._actions.allow([when for when, is_possible in possible.items() if is_possible])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._view is View.ITEMS:
            self._deciding.come_back()
        self._take_focus()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._take_focus()

    def _take_focus(self) -> None:
        """The view that shows has the keyboard."""
        shown = self.stack.currentWidget() or self.no_runs
        (self.gallery.take_focus if shown is self.gallery else shown.setFocus)()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bottom.give_room(self.width())

    def shut_down(self) -> None:
        """Carry out what was decided and end the threads; to be called before the project's store is closed."""
        self.decisions.close()
        self._run = None  # what still comes in of a filter asks the project nothing more
        self.journal.shut_down()
        self._work.close()
        self.report.shut_down()
        self.gallery.shut_down()
