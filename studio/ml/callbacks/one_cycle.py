"""Moves the optimizer's rates and momentum along the one-cycle schedule, a step at a time."""

from __future__ import annotations

from typing import Any, ClassVar

from torch.optim.lr_scheduler import OneCycleLR

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner
from studio.ml.schedule import group_rates, one_cycle


class OneCycle(Callback):
    order: ClassVar[int] = 20

    def __init__(self) -> None:
        self._schedule: OneCycleLR | None = None
        self._steps = 0
        self._done = 0

    def before_stage(self, learner: Learner) -> None:
        peaks = group_rates(learner.stage.lr, len(learner.optimizer.param_groups))
        self._steps = len(learner.data.train) * learner.stage.epochs
        self._done = 0
        self._schedule = one_cycle(learner.optimizer, peaks, self._steps)

    def after_batch(self, learner: Learner) -> None:
        self._done += 1
        if self._schedule is not None and self._done < self._steps:
            self._schedule.step()

    def state(self) -> dict[str, Any]:
        return {"schedule": self._schedule.state_dict() if self._schedule else None, "done": self._done}

    def load_state(self, state: dict[str, Any]) -> None:
        """Call it before the optimizer's own state is loaded, which has the last word on rates and momentum."""
        self._done = state["done"]
        if self._schedule is not None and state["schedule"] is not None:
            self._schedule.load_state_dict(state["schedule"])
