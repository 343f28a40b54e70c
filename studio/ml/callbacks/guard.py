"""Ends a run whose loss is no number any more, before that can spoil the weights or a checkpoint."""

from __future__ import annotations

import math
from typing import ClassVar

from studio.core.errors import Diverged
from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner


class FiniteGuard(Callback):
    order: ClassVar[int] = 0

    def after_loss(self, learner: Learner) -> None:
        loss = float(learner.loss.detach())
        if not math.isfinite(loss):
            raise Diverged(f"The loss became {loss} at step {learner.at.step + 1}")

    def after_validate(self, learner: Learner) -> None:
        loss = learner.validation.loss
        if not math.isfinite(loss):
            raise Diverged(f"The validation loss became {loss} in epoch {learner.at.epochs_done + 1}")
