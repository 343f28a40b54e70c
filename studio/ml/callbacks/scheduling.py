"""Moves the optimizer's rates and momentum along the stage's schedule, a step at a time."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner
from studio.ml.schedule import group_rates, set_rates

RATE_DIVISOR: Final = 3.0
"""Each return to an earlier checkpoint divides all rates of the run by it."""


class Scheduling(Callback):
    """Rates follow from the place in the stage, from how often the run went back to lower ones, and from
    `asked_divisor`, by which a person lowered them."""

    order: ClassVar[int] = 20

    def __init__(self) -> None:
        self.returns = 0
        self.asked_divisor = 1.0

    def before_batch(self, learner: Learner) -> None:
        stage, steps = learner.stage, len(learner.data.train)
        peaks = group_rates(stage.lr, len(learner.optimizer.param_groups))
        divisor = RATE_DIVISOR**self.returns * self.asked_divisor
        set_rates(
            learner.optimizer,
            stage.schedule,
            peaks=[peak / divisor for peak in peaks],
            position=(learner.at.epoch * steps + learner.at.batch) / (stage.epochs * steps),
        )

    def state(self) -> dict[str, Any]:
        return {"returns": self.returns}

    def load_state(self, state: dict[str, Any]) -> None:
        self.returns = state["returns"]
