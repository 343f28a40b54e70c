"""Says when fine-tuning on corrections costs more of what was known before than it should."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from studio.core.counting import counted
from studio.core.events import Concern, Metric, Progress, Warned
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.weight_mixing import Mixture, WeightMixing, share_lost
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner, Validation
from studio.ml.tasks.base import TaskMetrics

WORSE: Final = 0.02
"""The share of a metric that may be lost before anybody is told."""

_OLD_ITEMS: Final = "valid without corrections"


class OldItemsGuard(Callback):
    """Measures the validation items with the parent's weights before the first step, and again after each epoch.

    They are those of the parent run, so what they lose is what the model forgets. Those whose label was corrected are
    left out: the model is to answer them otherwise than before, which would hide what it forgets of the others. One
    sentence each time that they fall behind; training goes on, because a person may want just that. With
    `mixes` a stage ends with the weights that `WeightMixing` finds.
    """

    order: ClassVar[int] = 6  # what is told, kept and drawn of an epoch is of the weights that the stage ends with

    def __init__(self, log: EventSink, *, mixes: bool) -> None:
        self._log = log
        self._mixing = WeightMixing() if mixes else None
        self._before: list[Metric] | None = None
        self._is_behind = False
        self._corrected: frozenset[int] = frozenset()
        """The rows of the validation items that are left out."""
        self._metrics: TaskMetrics | None = None
        """Of the others, while they are measured; where none is left out, the validation's are theirs."""

    def before_stage(self, learner: Learner) -> None:
        items = learner.data.valid.images.items
        self._corrected = frozenset(row for row, item in enumerate(items) if item.corrected)
        if self._before is None and learner.at.step == 0 and len(self._corrected) < len(items):
            self._log.emit(Progress(what="measuring the model as it was", done=0, total=1))
            self._before = self._of_old_items(learner, learner.measure(self.after_valid_batch))
            if self._mixing is not None:
                self._mixing.remember(learner)

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
        then, now = self._comparable(self._of_old_items(learner, learner.validation))
        if then is None or now is None:
            return
        mixture = self._mix(learner, then, now)
        behind = has_got_worse(then, now if mixture is None else mixture.now)
        if mixture is not None:
            self._log.emit(
                Warned(
                    about=Concern.MIXED_WEIGHTS,
                    sentence=f"The run ends {100 * mixture.share:.0f} % of the way from the weights it began with to "
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
        """What the stage ends with where that is not all that was learnt; None while it goes on."""
        if self._mixing is None or learner.at.epoch < learner.stage.epochs:
            return None

        def measure() -> tuple[Validation, Metric | None]:
            validation = learner.measure(self.after_valid_batch)
            return validation, self._comparable(self._of_old_items(learner, validation))[1]

        return self._mixing.settle(learner, then, now, measure)

    def state(self) -> dict[str, Any]:
        before = None if self._before is None else msgspec.json.encode(self._before).decode()
        mixing = None if self._mixing is None else self._mixing.state()
        return {"before": before, "is_behind": self._is_behind, "mixing": mixing}

    def load_state(self, state: dict[str, Any]) -> None:
        before = state["before"]
        self._before = None if before is None else msgspec.json.decode(before, type=list[Metric])
        self._is_behind = state["is_behind"]
        if self._mixing is not None:
            self._mixing.load_state(state.get("mixing"))

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

    def _comparable(self, metrics: list[Metric]) -> tuple[Metric | None, Metric | None]:
        """The first metric then and now, where both speak of the same split, classes and size."""
        for now in metrics:
            for then in self._before or ():
                if (then.name, then.detail) == (now.name, now.detail):
                    return then, now
        return None, None


def has_got_worse(then: Metric, now: Metric) -> bool:
    """By more than the tolerated share of what it was."""
    return share_lost(then, now) > WORSE
