"""Says when fine-tuning on corrections costs more of what was known before than it should."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec
from torch import Tensor

from studio.core.counting import counted
from studio.core.events import Concern, Metric, Progress, Warned
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.weight_mixing import Mixture, settle, share_lost
from studio.ml.checkpoint import copied
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner, Validation
from studio.ml.tasks.base import TaskMetrics

WORSE: Final = 0.02
"""The share of a metric that may be lost before anybody is told."""

_OLD_ITEMS: Final = "valid without corrections"


class OldItemsGuard(Callback):
    """Measures the validation items with the parent's weights at each size, and with the run's own after each epoch.

    They are those of the parent run, so what they lose is what the model forgets. Those whose label was corrected are
    left out: the model is to answer them otherwise than before, which would hide what it forgets of the others. One
    sentence each time that they fall behind; training goes on, because a person may want just that. With
    `mixes` the last of so many `stages` ends with the weights that `settle` finds, unless it is stopped before.
    """

    order: ClassVar[int] = 6  # what is told, kept and drawn of an epoch is of the weights that the stage ends with

    def __init__(self, log: EventSink, *, stages: int, mixes: bool) -> None:
        self._log = log
        self._stages = stages
        self._mixes = mixes
        self._parent: dict[str, Tensor] | None = None
        """The weights at the first step, on the CPU."""
        self._learnt: dict[str, Tensor] | None = None
        """All that the last epoch of the last stage had learnt, where the run answers with a mixture."""
        self._before: dict[str, list[Metric]] = {}
        """With the parent's weights, by the size of a stage's pictures."""
        self._is_behind = False
        self._corrected: frozenset[int] = frozenset()
        """The rows of the validation items that are left out."""
        self._metrics: TaskMetrics | None = None
        """Of the others, while they are measured; where none is left out, the validation's are theirs."""

    def before_stage(self, learner: Learner) -> None:
        items = learner.data.valid.images.items
        self._corrected = frozenset(row for row, item in enumerate(items) if item.corrected)
        if learner.at.step == 0:
            self._parent = copied(learner.answering.state_dict())
        if len(self._corrected) < len(items) and _size_of(learner) not in self._before:
            self._measure_parent(learner)

    def _measure_parent(self, learner: Learner) -> None:
        """Where nobody knows its weights any more, as in a run of an earlier version, nothing is compared."""
        if self._parent is None:
            return
        self._log.emit(Progress(what="measuring the model as it was", done=0, total=1))
        now = copied(learner.answering.state_dict()) if learner.at.step else None
        if now is not None:
            learner.answering.load_state_dict(self._parent)
        self._before[_size_of(learner)] = self._of_old_items(learner, learner.measure(self.after_valid_batch))
        if now is not None:
            learner.answering.load_state_dict(now)

    def before_epoch(self, learner: Learner) -> None:
        if self._learnt is not None:  # one more epoch was asked for, which goes on from what was learnt
            learner.answering.load_state_dict(self._learnt)
            self._learnt = None

    def after_valid_batch(self, learner: Learner) -> None:
        if not self._corrected:
            return
        places = [place for place, row in enumerate(learner.batch.rows) if row not in self._corrected]
        output, target = learner.output[places], learner.batch.target[places]
        if not len(target):
            return
        if self._metrics is None:
            self._metrics = learner.task.metrics()
        self._metrics.update(output, target)

    def after_epoch(self, learner: Learner) -> None:
        then, now = self._comparable(learner, self._of_old_items(learner, learner.validation))
        if then is None or now is None:
            return
        mixture = self._mix(learner, then, now)
        behind = has_got_worse(then, now if mixture is None else mixture.now)
        if mixture is not None:
            self._log.emit(
                Warned(
                    about=Concern.MIXED_WEIGHTS,
                    sentence=f"The run ends {100 * mixture.share:g} % of the way from the weights it began with to "
                    f"those it learnt: {now.name} on {self._in_words(learner)} was {then.value:.4f} before this "
                    f"fine-tuning, {mixture.now.value:.4f} there and {now.value:.4f} at the end of the way. "
                    "Choosing it by these items flatters it a little.",
                )
            )
        elif behind and not self._is_behind:
            self._log.emit(
                Warned(
                    about=Concern.FORGETTING,
                    sentence=f"The model forgets: {now.name} on {self._in_words(learner)} was {then.value:.4f} "
                    f"before this fine-tuning and is {now.value:.4f} after epoch {learner.at.epochs_done}; replay more "
                    "of the old items or lower the rate.",
                )
            )
        self._is_behind = behind

    def _mix(self, learner: Learner, then: Metric, now: Metric) -> Mixture | None:
        """What the run ends with where that is not all that was learnt; None while it goes on."""
        is_end = learner.at.stage == self._stages - 1 and learner.at.epoch >= learner.stage.epochs
        if not self._mixes or self._parent is None or not is_end:
            return None

        def measure() -> tuple[Validation, Metric | None]:
            validation = learner.measure(self.after_valid_batch)
            return validation, self._comparable(learner, self._of_old_items(learner, validation))[1]

        mixture = settle(learner, self._parent, then, now, measure)
        self._learnt = None if mixture is None else mixture.learnt
        return mixture

    def state(self) -> dict[str, Any]:
        return {
            "before_by_size": msgspec.json.encode(self._before).decode(),
            "is_behind": self._is_behind,
            "parent": self._parent,
            "learnt": self._learnt,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        before = state.get("before_by_size", "{}")  # runs before 2026-11-30 measured once
        self._before = msgspec.json.decode(before, type=dict[str, list[Metric]])
        self._is_behind = state["is_behind"]
        self._parent, self._learnt = state.get("parent"), state.get("learnt")

    def cleanup(self, learner: Learner) -> None:
        self._metrics = None

    def _of_old_items(self, learner: Learner, validation: Validation) -> list[Metric]:
        """The metrics of the pass that was just made; nothing where every item is left out."""
        if not self._corrected:
            return validation.metrics
        metrics, self._metrics = self._metrics, None
        valid = learner.data.valid
        return metrics.compute(split=_OLD_ITEMS, height=valid.height, width=valid.width) if metrics is not None else []

    def _in_words(self, learner: Learner) -> str:
        if not self._corrected:
            return "the validation items"
        old = len(learner.data.valid.images.items) - len(self._corrected)
        return f"the {counted(old, 'validation item')} whose label was not corrected"

    def _comparable(self, learner: Learner, metrics: list[Metric]) -> tuple[Metric | None, Metric | None]:
        """The first metric then and now, where both speak of the same split, classes and size."""
        for now in metrics:
            for then in self._before.get(_size_of(learner), ()):
                if (then.name, then.detail) == (now.name, now.detail):
                    return then, now
        return None, None


def _size_of(learner: Learner) -> str:
    return f"{learner.stage.height}×{learner.stage.width}"


def has_got_worse(then: Metric, now: Metric) -> bool:
    """By more than the tolerated share of what it was."""
    return share_lost(then, now) > WORSE
