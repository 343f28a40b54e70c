"""The search for label errors as a run: folds, one after the other, then what each label is worth."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import torch

from studio.core.errors import NothingToTrainOn
from studio.core.events import EpochEnd, Progress, Scored, Started, Step, Warned, read_events
from studio.core.items import Split
from studio.core.kept_state import FOLDS_FOLDER
from studio.core.label_error_recipe import GET_CLEANLAB
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Judge, Precision, Purpose, RunSpec
from studio.core.review import SCORES_FILE, ItemScore, decode_score
from studio.core.settings import TAG_TASKS
from studio.core.snapshot import Snapshot
from studio.ml.control import Commands, Request, StopRequested
from studio.ml.event_log import EVENTS_FILE, RunLog
from studio.ml.label_errors.answers import Answer
from studio.ml.label_errors.asking import ask_parent
from studio.ml.label_errors.cleanlab_quality import has_cleanlab
from studio.ml.label_errors.fold_log import FoldLog
from studio.ml.label_errors.fold_run import is_done, train_fold
from studio.ml.label_errors.folds import Fold, make_folds
from studio.ml.label_errors.judging import judge
from studio.ml.label_errors.shares import SHARES_FOLDER
from studio.ml.label_errors.words import answer_by_words
from studio.ml.scoring import PREDICTIONS_FOLDER
from studio.ml.tasks.registry import make_task
from studio.ml.tasks.text import Text


class LabelErrorSearch:
    """Carries out one recipe whose purpose it is. Errors are raised; the runner makes them the run's last event."""

    def __init__(
        self,
        folder: Path,
        spec: RunSpec,
        snapshot: Snapshot,
        *,
        device: torch.device,
        commands: Commands,
        log: RunLog,
    ) -> None:
        assert spec.label_errors is not None
        self._folder = folder
        self._spec = spec
        self._snapshot = snapshot
        self._wanted = spec.label_errors
        self._device = device
        self._commands = commands
        self._log = log
        self._task = make_task(snapshot, spec.architecture)
        self._labelled = [item for item in snapshot.items if self._task.is_labelled(item)]

    def carry_out(self, *, resume: bool) -> OutcomeKind:
        """A search that is stopped judges the items of the folds that are done, and keeps what they answered, as it may
        go on. Raises what training may raise."""
        if len(self._labelled) < (2 if self._wanted.folds else 1):
            raise NothingToTrainOn(Split.TRAIN if self._wanted.folds else Split.VALID)
        try:
            folds = self._folds() if self._wanted.folds else [self._parent()]
        except StopRequested:
            return OutcomeKind.STOPPED
        outcome = OutcomeKind.FINISHED
        if self._wanted.folds:
            outcome = self._read(folds) if self._wanted.by is Judge.WORDS else self._train(folds, resume=resume)
        if self._commands.request is Request.LEAVE:
            return OutcomeKind.STOPPED
        self._judge([fold for fold in folds if is_done(fold)])
        if outcome is OutcomeKind.FINISHED:
            _throw_away_answers(folds)
        return outcome

    def _folds(self) -> list[Fold]:
        return make_folds(self._folder, self._snapshot, self._labelled, folds=self._wanted.folds, seed=self._spec.seed)

    def _parent(self) -> Fold:
        """The parent's answers as those of the only fold."""
        fold = Fold(number=1, folder=self._folder / FOLDS_FOLDER / "1", snapshot=self._snapshot)
        ask_parent(self._folder, fold.folder, self._spec, self._task, self._device, self._commands, self._log)
        return fold

    def _read(self, folds: list[Fold]) -> OutcomeKind:
        """Every fold anew: it takes seconds."""
        assert isinstance(self._task, Text)
        started = Started(
            purpose=Purpose.LABEL_ERRORS.value,
            device="cpu",
            precision=Precision.FLOAT32.value,
            weights="A linear model over words and pairs of words, for each fold.",
            parameters=0,
            train_items=len(self._labelled),
            valid_items=0,
            steps=0,
            epochs=0,
        )
        self._log.emit(started)
        try:
            for fold in folds:
                self._report(f"fold {fold.number} of {len(folds)}: reading words", fold.number - 1, len(folds))
                answer_by_words(fold, self._task, self._warn, self._commands.check)
        except StopRequested:
            return OutcomeKind.STOPPED
        return OutcomeKind.FINISHED

    def _train(self, folds: list[Fold], *, resume: bool) -> OutcomeKind:
        epochs = sum(stage.epochs for stage in self._spec.stages)
        log = FoldLog(
            self._log, folds=len(folds), stages=len(self._spec.stages), epochs=epochs, items=len(self._labelled)
        )
        done = sum(is_done(fold) for fold in folds) if resume else 0
        for fold in folds[done:]:
            before = _steps_of(self._folder, done * epochs) if fold.number == done + 1 else None
            log.begin_fold(fold.number, steps_before=before)
            if not resume:
                shutil.rmtree(fold.folder, ignore_errors=True)
            outcome = train_fold(fold, self._spec, device=self._device, commands=self._commands, log=log)
            if outcome is not OutcomeKind.FINISHED:
                return outcome
        return OutcomeKind.FINISHED

    def _judge(self, folds: list[Fold]) -> None:
        """Write what was found; where no fold came to its end nothing is."""
        answers = self._answers(folds)
        if not answers:
            return
        if not has_cleanlab() and self._snapshot.task in TAG_TASKS:
            self._log.emit(Warned(sentence=GET_CLEANLAB))
        judge(self._folder, self._task, answers, report=partial(self._report, "comparing labels"))
        self._log.emit(Scored(scores=SCORES_FILE, items=len(answers)))

    def _answers(self, folds: list[Fold]) -> list[Answer]:
        items = {item.id: item for item in self._labelled}
        return [
            Answer(item=items[score.item], score=score, folder=fold.folder)
            for fold in folds
            for score in _scores_of(fold)
        ]

    def _warn(self, sentence: str) -> None:
        self._log.emit(Warned(sentence=sentence))

    def _report(self, what: str, done: int, total: int) -> None:
        self._log.emit(Progress(what=what, done=done, total=total))


def _throw_away_answers(folds: Iterable[Fold]) -> None:
    for fold in folds:
        for name in (SHARES_FOLDER, PREDICTIONS_FOLDER):
            shutil.rmtree(fold.folder / name, ignore_errors=True)


def _scores_of(fold: Fold) -> Iterable[ItemScore]:
    return map(decode_score, (fold.folder / SCORES_FILE).read_bytes().splitlines())


def _steps_of(folder: Path, epochs: int) -> int:
    """How many steps an interrupted run said of its first `epochs` epochs."""
    said = (
        event.step
        for event in read_events(folder / EVENTS_FILE)
        if isinstance(event, (Step, EpochEnd)) and event.epoch <= epochs
    )
    return max(said, default=0)
