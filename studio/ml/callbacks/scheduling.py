"""Moves the optimizer's rates and momentum along the stage's schedule, a step at a time."""

from __future__ import annotations

from typing import ClassVar

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner
from studio.ml.schedule import group_rates, set_rates


class Scheduling(Callback):
    """Rates follow from the place in the stage alone, so a checkpoint needs nothing of it."""

    order: ClassVar[int] = 20

    def before_batch(self, learner: Learner) -> None:
        stage, steps = learner.stage, len(learner.data.train)
        set_rates(
            learner.optimizer,
            stage.schedule,
            peaks=group_rates(stage.lr, len(learner.optimizer.param_groups)),
            position=(learner.at.epoch * steps + learner.at.batch) / (stage.epochs * steps),
        )
