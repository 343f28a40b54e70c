"""The Train page: the recipe at the left, the run in the middle, the list of runs at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from studio.core.recipe import LearningRate, Purpose, RunSpec
from studio.core.settings import Task
from studio.ui.cards.card_table import CardTable
from studio.ui.run_control import RunControl, RunState
from studio.ui.session import Session
from studio.ui.train.actions import TrainActions
from studio.ui.train.augmented import AugmentedLook, AugmentedPanel
from studio.ui.train.batch_proposals import BatchProposals
from studio.ui.train.data_check import DataCheck, DataCheckPanel
from studio.ui.train.recipe_check import RecipeCheck
from studio.ui.train.recipe_draft import RecipeDraft
from studio.ui.train.recipe_panel import RecipePanel, RecipePart
from studio.ui.train.recipe_requests import RecipeRequests
from studio.ui.train.run_display import RunDisplay
from studio.ui.train.run_files import can_resume, can_review, can_start_from, is_a_start, start_choices
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_requests import RunRequests
from studio.ui.train.run_view import RunView
from studio.ui.train.runs_panel import RunsPanel
from studio.ui.train.shown_runs import ShownRuns
from studio.ui.train.starting_recipe import recommended_recipe, starting_recipe, usual_size

_SIDES = (304, 900, 236)

_OFFER_MS = 50
"""How long runs that come in one after the other are waited for, before they are offered as starts all at once."""


class TrainPage(QWidget):
    """Builds the parts and ties them together; none of them knows another."""

    def __init__(self, session: Session, run_control: RunControl, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train_page")
        self._control = run_control
        self._store = session.store
        self._actions = act = TrainActions(self)
        task = session.settings.task
        self.draft = RecipeDraft(starting_recipe(session.store), self, image_size=usual_size(session.store))
        self.library = RunLibrary(self)
        self.shown = ShownRuns(run_control, self.library, self)
        self.recipe = RecipePanel(self.draft, task, act)
        self.recipes = RecipeRequests(session, self.draft, self.recipe.shelf, self)
        self.view = RunView(task, act, self.library)
        self.runs = RunsPanel(self.library, act.of_runs)
        self.data = DataCheck(session, self)
        self.data_panel = DataCheckPanel(session, self.data)
        self.augmented = AugmentedLook(session, self.draft, run_control, self)
        self.augmented_panel = AugmentedPanel(session, self.augmented, roll=act.roll)
        self.recipe.form.offer_samples(act.augmented)
        self._middle = QStackedWidget()
        self.check = RecipeCheck(session, self.draft, self.library, self)
        self.display = RunDisplay(session, run_control, self.library, self.shown, self.view, self.runs, self)
        self.requests = RunRequests(session, run_control, self.draft, self.shown, self.library, self.view.outcome, self)
        self.proposals = BatchProposals(session, run_control, self.draft, self)
        self.cards = CardTable(session, run_control, self.draft, self)
        self.view.card.listen_to(self.cards)
        self._offers = QTimer(self, singleShot=True, interval=_OFFER_MS)
        self._offers.timeout.connect(self._offer_starts)
        self._arrange()
        self._connect_actions(task)
        self._connect_parts(session)
        self.addActions(act.all)
        if run_control.is_busy and run_control.record is not None:
            self._show_proposal(run_control.record.spec)
        self.display.join()
        self._show_rate()
        self._show_check()

    def actions(self) -> list[QAction]:
        return self._actions.all

    def start_training(self) -> None:
        """Start a run of the recipe exactly as the form shows it."""
        self._start(lambda: self.draft.spec)

    def find_rate(self) -> None:
        """Run the rate finder on the selected stage."""
        self._start(self.draft.lr_find_spec)

    def propose_batch(self) -> None:
        """Look for the selected stage's batch size."""
        self._start(self.proposals.spec)

    def check_data(self) -> None:
        """Look at the labels and pictures that a run would use."""
        self.recipe.form.commit_edits()
        self._middle.setCurrentWidget(self.data_panel)
        self._estimate()
        self.data_panel.begin()

    def show_augmented(self) -> None:
        """See a few training items as the recipe draws them."""
        self.recipe.form.commit_edits()
        self._middle.setCurrentWidget(self.augmented_panel)
        self.augmented_panel.grid.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.display.catch_up()
        self.data.begin()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.data.rest()

    # ------------------------------------------------------------------------------------------------ construction
    def _arrange(self) -> None:
        self._middle.addWidget(self.view)
        self._middle.addWidget(self.data_panel)
        self._middle.addWidget(self.augmented_panel)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        for widget, stretch, least in ((self.recipe, 0, 290), (self._middle, 1, 476), (self.runs, 0, 180)):
            splitter.addWidget(widget)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
            widget.setMinimumWidth(least)
        splitter.setChildrenCollapsible(False)
        splitter.setSizes(_SIDES)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _connect_actions(self, task: Task) -> None:
        act = self._actions
        act.train.triggered.connect(self.start_training)
        act.find_rate.triggered.connect(self.find_rate)
        act.propose_batch.triggered.connect(self.propose_batch)
        self.recipe.form.stages.batch_asked.connect(act.propose_batch.trigger)
        act.check_data.triggered.connect(self.check_data)
        act.augmented.triggered.connect(self.show_augmented)
        if task is Task.TEXT:
            act.augmented.setEnabled(False)
            act.augmented.setToolTip("Texts are read as they stand; there is nothing to augment")
        act.pause.triggered.connect(self._pause_or_continue)
        act.stop.triggered.connect(self._control.stop)
        act.lower_rate.triggered.connect(self._control.lower_rate)
        act.add_epoch.triggered.connect(self._control.add_epoch)
        act.kill.triggered.connect(self._control.kill)
        act.add_stage.triggered.connect(self.draft.add_stage)
        act.double_stage.triggered.connect(lambda: self.draft.double_size(len(self.draft.stages) - 1))
        act.open_recipe.triggered.connect(self.recipes.open_file)
        act.save_recipe.triggered.connect(self._save_recipe)
        act.grow.triggered.connect(self.draft.grow)
        act.undo.triggered.connect(self.draft.undo)
        act.redo.triggered.connect(self.draft.redo)
        act.defaults.triggered.connect(lambda: self.draft.load(recommended_recipe(self._store)))
        act.resume.triggered.connect(self.requests.resume)
        act.review.triggered.connect(self.requests.review)
        act.start_from.triggered.connect(self.requests.start_from)
        act.delete.triggered.connect(self.requests.delete)
        act.repeat.triggered.connect(self.requests.repeat)
        act.star.triggered.connect(self.requests.star)
        act.undo_delete.triggered.connect(self.requests.undo_delete)

    def _connect_parts(self, session: Session) -> None:
        finder = self.view.finder
        finder.slice_chosen.connect(self._take_slice)
        finder.high_chosen.connect(lambda rate: self.draft.set_rate(self.draft.selected, high=rate))
        finder.low_chosen.connect(lambda rate: self.draft.set_rate(self.draft.selected, low=rate))
        self.view.table.remarked.connect(self.requests.remark)
        self.view.table.selection_changed.connect(self.runs.select)
        self.view.samples.opened.connect(self.requests.open_sample)
        self.draft.changed.connect(self._show_rate)
        self.draft.changed.connect(self._estimate)
        self.draft.told.connect(session.say)
        self.recipe.text.told.connect(session.say)
        self.recipe.text.problem_changed.connect(self.check.hold)
        self.recipe.part_shown.connect(self._read_shelf)
        self.recipes.taken_over.connect(lambda: self.recipe.show_part(RecipePart.FORM))
        self.draft.stage_selected.connect(self._show_rate)
        self.check.changed.connect(self._show_check)
        self.display.listed.connect(self._enable)
        self.data.glanced.connect(lambda checked: self.recipe.show_findings(len(checked.findings)))
        for panel in (self.data_panel, self.augmented_panel):
            panel.left.connect(self._show_run)
        self._control.preparing.connect(self._show_run)
        self._control.started.connect(self._show_run)
        self.runs.selection_changed.connect(self._show_run)
        self.runs.view.clicked.connect(self._show_run)
        session.runs_changed.connect(self._offers.start)
        session.run_proposed.connect(self._show_proposal)
        self.library.loaded.connect(lambda _run: self._offers.start())

    # ------------------------------------------------------------------------------------------------ what happens
    def _start(self, recipe: Callable[[], RunSpec]) -> None:
        self.recipe.form.commit_edits()
        self.check.count()
        spec = recipe()
        if not self.check.problem_of(spec):
            self._control.submit(spec)

    def _show_run(self, _what: object = None) -> None:
        """In the place of what was looked at instead: the data, or augmented samples."""
        self._middle.setCurrentWidget(self.view)

    def _estimate(self) -> None:
        if self._middle.currentWidget() is self.data_panel:
            self.data.estimate(self.draft.spec)

    def _save_recipe(self) -> None:
        self.recipe.form.commit_edits()
        self.recipes.save_file()

    def _read_shelf(self, part: RecipePart) -> None:
        if part is RecipePart.SHELF:
            self.recipes.show_shelf()

    def _pause_or_continue(self) -> None:
        if self._control.state is RunState.PAUSED:
            self._control.resume_paused()
        else:
            self._control.pause()

    def _show_proposal(self, spec: RunSpec) -> None:
        """The recipe that another page prepared; the run control starts it by itself."""
        if spec.purpose is Purpose.TRAIN:
            self._offer_starts()
            self.draft.load(spec)

    def _show_rate(self, _stage: int = 0) -> None:
        stage = self.draft.selected_stage
        rate = LearningRate(high=stage.lr.high) if stage.frozen else stage.lr
        self.view.finder.show_rate(rate, stage=self.draft.selected + 1)
        self.view.finder.show_stages(self.draft.stages, self.draft.selected)

    def _take_slice(self, rate: LearningRate) -> None:
        self.draft.set_rate(self.draft.selected, high=rate.high, low=rate.low)

    def _offer_starts(self) -> None:
        records = self.shown.all_records
        self.recipe.form.offer_starts(start_choices(records, self.library))
        self.check.know_runs(frozenset(record.id for record in records if is_a_start(record)))

    def _show_check(self) -> None:
        self.recipe.show_summary(self.check.summary, self.check.problem)
        self.display.know_labels(self.check.items.train > 0)
        self._enable()

    def _enable(self) -> None:
        """Each action can be used when it would do something."""
        act, control, chosen = self._actions, self._control, self.shown.records
        idle = not control.is_busy
        one = chosen[0] if len(chosen) == 1 and chosen[0].id != self.shown.live else None
        act.train.setEnabled(idle and not self.check.problem)
        act.find_rate.setEnabled(idle and not self.check.problem_of(self.draft.lr_find_spec()))
        act.propose_batch.setEnabled(idle and not self.check.problem_of(self.draft.probe_spec()))
        self.recipe.form.stages.let_propose(act.propose_batch.isEnabled())
        act.stop.setEnabled(control.state in (RunState.PREPARING, RunState.RUNNING, RunState.PAUSED))
        act.pause.setEnabled(control.can_pause)
        act.show_paused(control.state is RunState.PAUSED)
        act.kill.setEnabled(control.state in (RunState.RUNNING, RunState.PAUSED, RunState.STOPPING))
        for steering in (act.lower_rate, act.add_epoch):
            steering.setEnabled(control.can_steer)
        act.undo.setEnabled(self.draft.can_undo)
        act.redo.setEnabled(self.draft.can_redo)
        act.resume.setEnabled(idle and one is not None and can_resume(one))
        act.review.setEnabled(one is not None and can_review(one))
        act.start_from.setEnabled(one is not None and can_start_from(one))
        repeatable = one is not None and one.spec.purpose is not Purpose.SCORE and not self.check.problem_of(one.spec)
        act.repeat.setEnabled(idle and repeatable)
        act.star.setEnabled(bool(chosen))
        act.undo_delete.setEnabled(self.requests.can_undo_delete)
        act.delete.setEnabled(any(record.id != self.shown.live for record in chosen))

    def shut_down(self) -> None:
        """End the threads that read runs and pictures."""
        self._offers.stop()
        self.library.close()
        self.cards.close()
        self.data.close()
        self.augmented.close()
        self.view.samples.shut_down()
