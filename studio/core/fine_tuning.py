"""From corrections to the recipe of a run that starts from the model which made the mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from studio.core.counting import counted
from studio.core.recipe import FineTune, LearningRate, RunSpec, Stage
from studio.core.review import Correction, Decision

FINE_TUNE_EPOCHS: Final = 5
FINE_TUNE_REPLAY: Final = 0.5
FINE_TUNE_WEIGHT: Final = 3.0
RATE_SHARE: Final = 5.0
"""Fine-tuning goes at a fifth of the parent's rate, as lesson 3 does after unfreezing."""


def trainable(corrections: Iterable[Correction]) -> tuple[int, ...]:
    """Items with a label worth learning from, in the order they were first corrected; those left out have none."""
    latest: dict[int, Decision] = {}
    for correction in corrections:
        latest[correction.item] = correction.decision
    return tuple(item for item, decision in latest.items() if decision in (Decision.ACCEPTED, Decision.EDITED))


def proposed_rate(parent: RunSpec) -> float:
    """The highest learning rate of the fine-tuning."""
    return parent.stages[-1].lr.high / RATE_SHARE


def fine_tune_spec(
    parent: RunSpec,
    run: str,
    items: Sequence[int],
    *,
    replay: float = FINE_TUNE_REPLAY,
    weight: float = FINE_TUNE_WEIGHT,
    epochs: int = FINE_TUNE_EPOCHS,
    rate: float | None = None,
) -> RunSpec:
    """A recipe like `parent`'s last stage that starts from the weights of `run` and learns `items`.

    `rate` None takes `proposed_rate`; a low end keeps its proportion to the high one. Raises ValueError for a rate or a
    number of epochs that no stage can have.
    """
    stage = parent.stages[-1]
    high = proposed_rate(parent) if rate is None else rate
    low = None if stage.lr.low is None else stage.lr.low * high / stage.lr.high
    count = counted(len(items), "correction")
    return msgspec.structs.replace(
        parent,
        stages=(
            Stage(
                epochs=epochs,
                height=stage.height,
                width=stage.width,
                batch_size=stage.batch_size,
                lr=LearningRate(high=high, low=low, discriminative=stage.lr.discriminative),
                frozen=stage.frozen,
                unfrozen=stage.unfrozen,
            ),
        ),
        parent=run,
        fine_tune=FineTune(corrections=tuple(items), replay=replay, weight=weight),
        note=f"Fine-tuned on {count} of run {run}",
    )
