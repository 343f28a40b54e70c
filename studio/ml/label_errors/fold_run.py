"""The training of one fold: an ordinary run in a folder of its own that predicts the items it did not learn."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import msgspec
import torch

from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Purpose, RunSpec
from studio.core.review import SCORES_FILE
from studio.ml.checkpoint import STATE_FILE
from studio.ml.control import Commands
from studio.ml.event_log import RunLog
from studio.ml.label_errors.folds import Fold
from studio.ml.label_errors.shares import ShareKeeper
from studio.ml.learner import Learner
from studio.ml.model_file import MODEL_FILE
from studio.ml.training import TrainingRun

CACHE_FOLDER: Final = ".cache"


def is_done(fold: Fold) -> bool:
    """Whether all its items are predicted; the scores are the last that is written."""
    return (fold.folder / SCORES_FILE).is_file()


def train_fold(fold: Fold, spec: RunSpec, *, device: torch.device, commands: Commands, log: RunLog) -> OutcomeKind:
    """Train on, where an earlier run left a checkpoint. Raises what training may raise."""
    fold.folder.mkdir(parents=True, exist_ok=True)
    training = msgspec.structs.replace(spec, purpose=Purpose.TRAIN, label_errors=None)
    run = FoldRun(fold.folder, training, fold.snapshot, device=device, commands=commands, log=log)
    outcome = run.carry_out(resume=(fold.folder / STATE_FILE).exists())
    if is_done(fold):
        _throw_away_what_was_learnt(fold.folder)
    return outcome


class FoldRun(TrainingRun):
    def _score(self, learner: Learner) -> None:
        """The held-out items alone; nothing where somebody has asked to stop, as half a training judges badly."""
        self._commands.check()
        scorer = self._scorer(learner, ShareKeeper(self._folder).keep)
        scorer.score_all([item for item in self._task.snapshot.items if item.split is Split.VALID])


def _throw_away_what_was_learnt(folder: Path) -> None:
    for name in (STATE_FILE, MODEL_FILE):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / CACHE_FOLDER, ignore_errors=True)
