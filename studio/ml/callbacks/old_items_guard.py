"""Says when fine-tuning on corrections costs more of what was known before than it should."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from studio.core.events import Concern, Metric, Progress, Warned
from studio.ml.callbacks.base import Callback
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner

WORSE: Final = 0.02
"""The share of a metric that may be lost before anybody is told."""


class OldItemsGuard(Callback):
    """Measures the validation items with the parent's weights before the first step, and again after each epoch.

    They are those of the parent run, so what they lose is what the model forgets. One sentence each time that they
    fall behind; training goes on, because a person may want just that.
    """

    order: ClassVar[int] = 85  # what a checkpoint keeps is put back before this asks for it

    def __init__(self, log: EventSink) -> None:
        self._log = log
        self._before: list[Metric] | None = None
        self._is_behind = False

    def before_stage(self, learner: Learner) -> None:
        if self._before is None and learner.at.step == 0:
            self._log.emit(Progress(what="measuring the model as it was", done=0, total=1))
            self._before = learner.measure().metrics

    def after_epoch(self, learner: Learner) -> None:
        then, now = self._comparable(learner.validation.metrics)
        if then is None or now is None:
            return
        behind = has_got_worse(then, now)
        if behind and not self._is_behind:
            self._log.emit(
                Warned(
                    about=Concern.FORGETTING,
                    sentence=f"The model forgets: {now.name} on the validation items was {then.value:.4f} before this "
                    f"fine-tuning and is {now.value:.4f} after epoch {learner.at.epochs_done}; replay more of the old "
                    "items or lower the rate.",
                )
            )
        self._is_behind = behind

    def state(self) -> dict[str, Any]:
        before = None if self._before is None else msgspec.json.encode(self._before).decode()
        return {"before": before, "is_behind": self._is_behind}

    def load_state(self, state: dict[str, Any]) -> None:
        before = state["before"]
        self._before = None if before is None else msgspec.json.decode(before, type=list[Metric])
        self._is_behind = state["is_behind"]

    def _comparable(self, metrics: list[Metric]) -> tuple[Metric | None, Metric | None]:
        """The first metric then and now, where both speak of the same split, classes and size."""
        for now in metrics:
            for then in self._before or ():
                if (then.name, then.detail) == (now.name, now.detail):
                    return then, now
        return None, None


def has_got_worse(then: Metric, now: Metric) -> bool:
    """By more than the tolerated share of what it was."""
    return (then.value - now.value) * now.better > WORSE * abs(then.value)
