"""With which epoch's weights a fine-tuning ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from torch import Tensor

from studio.core.events import Metric
from studio.ml.checkpoint import copied
from studio.ml.learner import Learner, Validation

SPARED: Final = 0.005
"""The share of a metric that an epoch may cost and still count as if it had cost nothing."""


@dataclass(frozen=True)
class KeptEpoch:
    """`epoch` counts from 1 over the run. `now` is the metric on the old items, `lost` the share of it that is gone,
    `weights` are on the CPU."""

    epoch: int
    now: Metric
    lost: float
    validation: Validation
    weights: dict[str, Tensor]


class LeastForgetting:
    """Holds the last epoch that cost next to nothing of what was known, or else the one that cost least.

    From epoch to epoch a model that learns corrections may lose several points on the old items and win them back, and
    the last epoch is as often a bad one as a good one (tests/bench/fine_tune.py).
    """

    def __init__(self) -> None:
        self.kept: KeptEpoch | None = None

    def consider(self, learner: Learner, then: Metric, now: Metric) -> None:
        """The epoch that has just been validated; `then` is the metric before the first step."""
        lost = share_lost(then, now)
        if self.kept is not None and lost > max(SPARED, self.kept.lost):
            return
        spare = None if self.kept is None else self.kept.weights
        weights = copied(learner.answering.state_dict(), spare)
        self.kept = KeptEpoch(learner.at.epochs_done, now, lost, learner.validation, weights)

    def put_back(self, learner: Learner) -> KeptEpoch | None:
        """Let the learner answer with the kept weights, and have their validation; the epoch, where it is an earlier
        one than that which is just done."""
        kept = self.kept
        if kept is None or kept.epoch == learner.at.epochs_done:
            return None
        learner.answering.load_state_dict(kept.weights)
        learner.validation = kept.validation
        return kept

    def state(self) -> dict[str, Any] | None:
        if self.kept is None:
            return None
        kept = self.kept
        return {
            "epoch": kept.epoch,
            "now": _encoded(kept.now),
            "lost": kept.lost,
            "loss": kept.validation.loss,
            "metrics": _encoded(kept.validation.metrics),
            "never_predicted": list(kept.validation.never_predicted),
            "weights": kept.weights,
        }

    def load_state(self, state: dict[str, Any] | None) -> None:
        if state is None:
            self.kept = None
            return
        metrics = msgspec.json.decode(state["metrics"], type=list[Metric])
        self.kept = KeptEpoch(
            state["epoch"],
            msgspec.json.decode(state["now"], type=Metric),
            state["lost"],
            Validation(state["loss"], metrics, tuple(state["never_predicted"])),
            dict(state["weights"]),
        )


def share_lost(then: Metric, now: Metric) -> float:
    """How much of the metric is gone, as a share of what it was; negative where it is better."""
    lost = (then.value - now.value) * now.better
    return lost / abs(then.value) if then.value else lost


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
