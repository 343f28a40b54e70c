"""Ends a fine-tuning between the parent's weights and its own, where its own cost too much of what was known.

Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models": on the straight way between the two there are
models that have most of what was learnt and next to all of what was known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from studio.core.events import Metric
from studio.ml.checkpoint import copied
from studio.ml.learner import Learner, Validation

SPARED: Final = 0.005
"""The share of a metric that may be lost and still count as nothing lost."""

HALVINGS: Final = 4
"""How often the way from the parent's weights is divided where all of it costs too much. At half of it most of 20
corrections of CamVid are still fixed, and the validation items lose a tenth of what they did
(tests/bench/fine_tune.py)."""


@dataclass(frozen=True)
class Mixture:
    """A `share` of the way from the parent's weights to the `learnt` ones, which are on the CPU; `now` is the metric
    on the old items there."""

    share: float
    now: Metric
    lost: float
    validation: Validation
    learnt: dict[str, Tensor]


def settle(
    learner: Learner,
    parent: dict[str, Tensor],
    then: Metric,
    now: Metric,
    measure: Callable[[], tuple[Validation, Metric | None]],
) -> Mixture | None:
    """Let the learner answer with as large a share of what it learnt as is found to cost next to nothing of the metric,
    or else with the one that costs least; None where that is all of it.

    `then` is the metric with the weights of `parent`, `now` with all that was learnt; `measure` gives the validation
    and the metric of the weights with which the learner answers when it is called.
    """
    lost = share_lost(then, now)
    if lost <= SPARED:
        return None
    learnt = copied(learner.answering.state_dict())
    best: Mixture | None = None
    costs_nothing, too_much = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (costs_nothing + too_much) / 2
        learner.answering.load_state_dict(mixed(parent, learnt, share))
        validation, value = measure()
        if value is None:
            break
        found = Mixture(share, value, share_lost(then, value), validation, learnt)
        if found.lost <= SPARED:
            best, costs_nothing = found, share
            continue
        too_much = share
        if found.lost < (lost if best is None else best.lost):
            best = found
    learner.answering.load_state_dict(learnt if best is None else mixed(parent, learnt, best.share))
    if best is not None:
        learner.validation = best.validation
    return best


def mixed(parent: dict[str, Tensor], learnt: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """`share` of the way from one to the other; what is no floating point number, such as a count, is as learnt."""
    return {
        name: torch.lerp(parent[name], value, share) if value.is_floating_point() else value
        for name, value in learnt.items()
    }


def share_lost(then: Metric, now: Metric) -> float:
    """How much of the metric is gone, as a share of what it was; negative where it is better."""
    lost = (then.value - now.value) * now.better
    return lost / abs(then.value) if then.value else lost
