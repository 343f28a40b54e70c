"""The five steps as one page: each leads to the page that does the work, and can be left and resumed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from studio.core.events import Progress, RunEvent
from studio.core.recipe import RunSpec
from studio.store import RunRecord
from studio.ui.panel_place import ProjectPanel
from studio.ui.production.choosing import ModelChoice, SourceChoice
from studio.ui.production.standing import Standing, Step, read_standing
from studio.ui.production.step_card import StepCard
from studio.ui.production.words import model_in_words, said
from studio.ui.production.work import Prepared, check_model, export_model, prepare
from studio.ui.review.fine_tune import FineTuneBar
from studio.ui.review.loading import read_lessons
from studio.ui.run_control import RunControl
from studio.ui.session import Session, Tone
from studio.ui.widgets.free_folder import free_folder
from studio.ui.widgets.middle_card import new_card, put_in_the_middle
from studio.ui.widgets.work_queue import WorkQueue

_WIDTH: Final = 800


class ProductionPanel(ProjectPanel):
    look_asked = Signal(str)
    """Show this run's production items on the Review page."""
    comparison_asked = Signal(str)
    """Show the before/after report of this run."""
    _progressed = Signal(int, int)

    def __init__(self, session: Session, control: RunControl) -> None:
        super().__init__()
        self.setObjectName("production_panel")
        self._session = session
        self._control = control
        self._standing = Standing()
        self._model = ""
        self._open: Step | None = None
        self._is_reading = False
        self._must_read_again = False
        """Something changed since the project is being read; much news is one more reading."""
        self._stop = threading.Event()
        self._queue = WorkQueue("production", self)
        self._build()
        self._connect()
        QShortcut(Qt.Key.Key_Escape, self, self.left.emit)

    def come_up(self) -> None:
        self.refresh()
        self.setFocus()

    def refresh(self) -> None:
        """Read how far it is, and open the first step that is not done, unless a person chose another."""
        if self._is_reading:
            self._must_read_again = True
            return
        self._is_reading = True
        self._queue.do(partial(read_standing, self._session.store.root), self._take_standing, self._could_not_read)

    def shut_down(self) -> None:
        """Stop after the item in hand and wait for that, for the project is about to close."""
        self._stop.set()
        self._queue.close()

    # -- construction -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        frame, column = new_card()
        frame.setFixedWidth(_WIDTH)
        heading = QLabel("Production errors")
        heading.setProperty("role", "heading")
        about = QLabel(
            "What a model got wrong out there comes into the project, is fixed, and the model is fine-tuned on it. "
            "Every step can be left; this page goes on where things stand."
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        column.addWidget(heading)
        column.addWidget(about)
        self.model, self.source = ModelChoice(), SourceChoice()
        self.look = _button("Look through in Review", "production_look")
        self.tune = FineTuneBar()
        self.tune.setContentsMargins(22, 0, 0, 0)
        self.compare = _button("Before and after", "production_compare")
        self.export = _button("Export the model…", "production_export")
        parts: dict[Step, QWidget] = {
            Step.MODEL: self.model,
            Step.ERRORS: self.source,
            Step.LOOK: _row(self.look),
            Step.TUNE: self.tune,
            Step.COMPARE: _row(self.compare, self.export),
        }
        self.cards = {step: StepCard(step, number, part) for number, (step, part) in enumerate(parts.items(), start=1)}
        for card in self.cards.values():
            card.asked.connect(self._choose)
            column.addWidget(card)
        back = _button("Back to the project", "production_back")
        back.clicked.connect(self.left)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(back)
        column.addLayout(row)
        put_in_the_middle(self, frame)
        self.tune.give_room(_WIDTH - 100)

    def _connect(self) -> None:
        self.model.chosen.connect(self._take_model)
        self.source.wanted.connect(self._bring_in)
        self.look.clicked.connect(lambda: self._with_scoring(self.look_asked.emit))
        self.tune.wanted.connect(self._read_lessons)
        self.tune.proposed.connect(self._fine_tune)
        self.compare.clicked.connect(lambda: self._with_tuned(lambda run: self.comparison_asked.emit(run.id)))
        self.export.clicked.connect(lambda: self._with_tuned(self._ask_where))
        self._progressed.connect(self.source.show_progress)
        self._control.events.connect(self._hear)
        self._control.ended.connect(lambda _record, _outcome: self.refresh())
        self._session.review_changed.connect(lambda _run: self._refresh_if_shown())
        self._session.items_changed.connect(lambda _items: self._refresh_if_shown())

    # -- what shows ---------------------------------------------------------------------------------------------------

    def _refresh_if_shown(self) -> None:
        if self.isVisible():
            self.refresh()

    def _take_standing(self, standing: Standing) -> None:
        self._show_standing(standing)
        self._has_read()

    def _could_not_read(self, sentence: str) -> None:
        self._complain(sentence)
        self._has_read()

    def _has_read(self) -> None:
        self._is_reading = False
        again, self._must_read_again = self._must_read_again, False
        if again:
            self.refresh()

    def _show_standing(self, standing: Standing) -> None:
        before, self._standing = self._standing, standing
        self.model.show_models(standing.models)
        if standing.proposed:
            self._session.proposals_changed.emit(list(standing.proposed))
        scoring, tuned = standing.scoring, standing.tuned
        if scoring is not None and standing.counts is not None:
            self.tune.show_run(scoring.id, scoring.spec)
            self.tune.show_old_items(standing.trained_on)
            self.tune.show_corrections(standing.counts.learnable)
        steps = list(Step)
        reached = steps.index(standing.step)
        for step, card in self.cards.items():
            card.show_state(said=said(step, standing, self._model), done=steps.index(step) < reached)
        self.look.setEnabled(standing.scored)
        for button in (self.compare, self.export):
            button.setEnabled(tuned is not None and bool(standing.compared))
        if self._open is None or before.step is not standing.step:
            self._choose(Step.ERRORS if standing.step is Step.MODEL and self._model else standing.step)
        scoring_now = scoring is not None and self._control.is_busy and self._is_live(scoring.id)
        self.source.show_busy(scoring_now)

    def _is_live(self, run: str) -> bool:
        return self._control.record is not None and self._control.record.id == run

    def _choose(self, step: Step) -> None:
        self._open = step
        has_keys = self._has_keys()  # what is folded away loses them
        for each, card in self.cards.items():
            card.open(each is step)
        if has_keys:
            self._take_keys()

    def _has_keys(self) -> bool:
        focused = QApplication.focusWidget()
        return self.isVisible() and (focused is None or focused is self or self.isAncestorOf(focused))

    def _take_keys(self) -> None:
        """Give the keyboard to what the open step begins with; to its line where nothing can be done yet."""
        if self._open is None:
            return
        first: dict[Step, tuple[QWidget, ...]] = {
            Step.MODEL: (self.model.go, self.model.browse),
            Step.ERRORS: (self.source.source,),
            Step.LOOK: (self.look,),
            Step.TUNE: (self.tune.button,),
            Step.COMPARE: (self.compare, self.export),
        }
        wanted = next((widget for widget in first[self._open] if widget.isEnabled()), self.cards[self._open].line)
        wanted.setFocus()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._take_keys()

    # -- what happens -------------------------------------------------------------------------------------------------

    def _take_model(self, model: str) -> None:
        self._queue.do(
            partial(check_model, self._session.store.root, model), lambda _words: self._took(model), self._complain
        )

    def _took(self, model: str) -> None:
        self._model = model
        self.cards[Step.MODEL].show_state(said=model_in_words(self._standing, model), done=True)
        self._choose(Step.ERRORS)

    def _bring_in(self, source: str) -> None:
        """With the model that was taken, or that of the last time."""
        if self._control.is_busy:
            self._complain("A run is still going; wait for its end, or stop it on the Train page.")
            return
        scoring = self._standing.scoring
        model = self._model or (str(scoring.spec.parent or scoring.folder) if scoring is not None else "")
        if not model:
            self._choose(Step.MODEL)
            return
        self.source.show_busy(True)
        path = Path(source).expanduser()
        work = partial(prepare, self._session.store.root, model, path, self._progressed.emit, self._stop.is_set)
        self._queue.do(work, self._score, self._could_not_bring_in)

    def _score(self, prepared: Prepared) -> None:
        self._session.items_changed.emit([])
        self._session.say(prepared.brought.sentence, Tone.OK)
        if prepared.brought.problems:
            self.source.problems.show_problems(prepared.brought.problems)
        self._control.submit(prepared.record.spec, prepared.record.id)
        self.refresh()

    def _could_not_bring_in(self, sentence: str) -> None:
        self.source.show_busy(False)
        self.source.problems.show_problems([sentence])

    def _hear(self, events: list[RunEvent]) -> None:
        scoring = self._standing.scoring
        if scoring is None or not self._is_live(scoring.id):
            return
        for event in events:
            if isinstance(event, Progress) and event.what == "scoring":
                self.source.show_progress(event.done, event.total)

    def _read_lessons(self, run: str) -> None:
        read = partial(read_lessons, self._session.store.root, run)
        self._queue.do(read, partial(self.tune.propose, run), self._could_not_read_lessons)

    def _could_not_read_lessons(self, sentence: str) -> None:
        self.tune.give_up()
        self._complain(sentence)

    def _fine_tune(self, spec: RunSpec) -> None:
        self.left.emit()
        self._session.propose_run(spec)

    def _ask_where(self, tuned: RunRecord) -> None:
        dialog = QFileDialog(self, "Where the model's new folder goes")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda place: self.export_to(tuned, free_folder(Path(place) / tuned.id, "model")))
        dialog.open()

    def export_to(self, tuned: RunRecord, out: Path) -> None:
        """Write the fine-tuned model to the new folder `out`, in a process of its own."""
        self.export.setEnabled(False)
        self.export.setText("Exporting…")
        self._queue.do(partial(export_model, tuned.folder, out), self._exported, self._could_not_export)

    def _exported(self, sentence: str) -> None:
        self._show_export()
        self._session.say(sentence, Tone.OK)

    def _could_not_export(self, sentence: str) -> None:
        self._show_export()
        self._complain(sentence)

    def _show_export(self) -> None:
        self.export.setText("Export the model…")
        self.export.setEnabled(True)

    def _with_scoring(self, then: Callable[[str], object]) -> None:
        if self._standing.scoring is not None:
            then(self._standing.scoring.id)

    def _with_tuned(self, then: Callable[[RunRecord], object]) -> None:
        if self._standing.tuned is not None:
            then(self._standing.tuned)

    def _complain(self, sentence: str) -> None:
        self._session.say(sentence, Tone.ERROR)


def _button(text: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    return button


def _row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(22, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return holder
