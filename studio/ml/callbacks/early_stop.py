"""Ends a stage whose validation loss has stopped getting better."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from studio.core.events import Concern, Warned
from studio.ml.callbacks.base import Callback
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner


class EarlyStop(Callback):
    """After `patience` epochs without a new lowest validation loss. Each stage counts from its own beginning: a loss at
    another size or with other layers frozen does not compare.

    Who adds an epoch wants to see it: waiting begins anew with the first epoch after the one in which it was asked for.
    """

    order: ClassVar[int] = 75  # a checkpoint after the epoch knows of it

    def __init__(self, patience: int, log: EventSink) -> None:
        self._patience = patience
        self._log = log
        self._stage = 0
        self._best, self._best_epoch, self._waited = math.inf, 0, 0
        self._epochs: int | None = None
        """Of the stage when it was last looked at."""

    def before_stage(self, learner: Learner) -> None:
        if self._stage != learner.at.stage:
            self._stage, self._epochs = learner.at.stage, None
            self._best, self._best_epoch, self._waited = math.inf, 0, 0
        if self._has_grown(learner):
            self._waited = 0
        self._epochs = self._epochs or learner.stage.epochs
        learner.is_enough = self._waited >= self._patience

    def after_epoch(self, learner: Learner) -> None:
        loss, epoch = learner.validation.loss, learner.at.epochs_done
        has_grown, self._epochs = self._has_grown(learner), learner.stage.epochs
        if loss < self._best:
            self._best, self._best_epoch, self._waited = loss, epoch, 0
            return
        if has_grown:
            self._waited = 0
            return
        self._waited += 1
        if self._waited < self._patience or learner.at.epoch >= learner.stage.epochs:
            return
        learner.is_enough = True
        waited = "epoch" if self._waited == 1 else f"{self._waited} epochs"
        self._log.emit(
            Warned(
                about=Concern.EARLY_STOP,
                sentence=f"Stage {self._stage + 1} ended early, after epoch {epoch}: in the last {waited} the "
                f"validation loss was never below the {self._best:.4f} of epoch {self._best_epoch}.",
            )
        )

    def state(self) -> dict[str, Any]:
        return {
            "stage": self._stage,
            "best": self._best,
            "best_epoch": self._best_epoch,
            "waited": self._waited,
            "epochs": self._epochs,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self._stage, self._best = state["stage"], state["best"]
        self._best_epoch, self._waited = state["best_epoch"], state["waited"]
        self._epochs = state.get("epochs")

    def _has_grown(self, learner: Learner) -> bool:
        return self._epochs is not None and learner.stage.epochs > self._epochs
