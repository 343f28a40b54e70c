"""From corrections to the recipe of a run that starts from the model which made the mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from studio.core.counting import counted
from studio.core.recipe import FineTune, LearningRate, Purpose, RunSpec, Stage
from studio.core.review import Correction, Decision

FINE_TUNE_EPOCHS: Final = 6
FINE_TUNE_WEIGHT: Final = 2.0
OLD_FOR_EACH: Final = 5
"""Old items replayed for each correction. What there is to know of both is learnt best where the corrections are about
a third of what is drawn; at half of it the validation items lose several points. Measured on 20 corrections of CamVid,
three parents (tests/bench/fine_tune.py)."""

LEAST_OLD: Final = 100
"""So many are replayed beside a handful of corrections, too: of fewer, drawn again and again, a network forgets the
rest."""

LEAST_REPLAY: Final = 0.1
CORRECTIONS_IN_BATCHES: Final = 5
"""So many batches would hold the corrections alone: few corrections in small batches are more steps for the same work,
and batch norm, whose statistics stay the parent's, does not mind."""

LEAST_BATCH: Final = 4

RATE_SHARE: Final = 5.0
"""Fine-tuning goes at a fifth of the parent's rate, as lesson 3 does after unfreezing."""

LEAST_WEIGHT: Final = 1.0
MOST_WEIGHT: Final = 10.0


def trainable(corrections: Iterable[Correction]) -> tuple[int, ...]:
    """Items with a label worth learning from, in the order they were first corrected; those left out have none."""
    latest: dict[int, Decision] = {}
    for correction in corrections:
        latest[correction.item] = correction.decision
    return tuple(item for item, decision in latest.items() if decision in (Decision.ACCEPTED, Decision.EDITED))


def proposed_replay(corrections: int, old: int) -> float:
    """The share of `old` training items that is worth its time beside so many corrections, in tenths: a network with
    few of them needs all, one with thousands would be trained anew for a handful of corrections."""
    wanted = max(LEAST_OLD, OLD_FOR_EACH * corrections)
    return 1.0 if old <= wanted else max(LEAST_REPLAY, round(wanted / old, 1))


def proposed_batch(parent: int, corrections: int) -> int:
    """The size of a batch where the parent's last stage had `parent`: the same, or less for few corrections."""
    return min(parent, max(LEAST_BATCH, corrections // CORRECTIONS_IN_BATCHES))


def head_rate(parent: RunSpec) -> float:
    """The peak rate at which `parent` trained its head alone, or the one of its last stage where it never did."""
    frozen = [stage.lr.high for stage in parent.stages if stage.frozen and not stage.language]
    return frozen[-1] if frozen else parent.stages[-1].lr.high


def proposed_rate(parent: RunSpec, *, frozen: bool = False) -> float:
    """The highest learning rate of the fine-tuning: the parent's frozen rate for the head alone, a fifth of it for the
    whole network. A parent that was fine-tuned itself had that fifth already, and keeps its rate."""
    last = parent.stages[-1]
    if parent.fine_tune is not None:
        whole = last.lr.high / RATE_SHARE if last.frozen else last.lr.high
        return whole * RATE_SHARE if frozen else whole
    return head_rate(parent) if frozen else head_rate(parent) / RATE_SHARE


def rate_in_words(parent: RunSpec, run: str, *, frozen: bool = False) -> str:
    """Where `proposed_rate` comes from, in a sentence."""
    rate = f"{proposed_rate(parent, frozen=frozen):.2g}"
    if parent.fine_tune is not None and frozen is parent.stages[-1].frozen:
        return f"Proposed: {rate}, the rate at which run {run} was fine-tuned itself."
    if parent.fine_tune is not None:
        share = "5 times" if frozen else "a fifth of"
        return f"Proposed: {rate}, {share} the rate at which run {run} was fine-tuned itself."
    trained = "its head alone" if any(stage.frozen for stage in parent.stages) else "in its last stage"
    if frozen:
        return f"Proposed: {rate}, at which run {run} trained {trained}."
    return f"Proposed: {rate}, a fifth of {head_rate(parent):.2g}, at which run {run} trained {trained}."


def teacher_of(parent: RunSpec, run: str) -> str | None:
    """The run whose model a fine-tuning on the corrections of `run` starts from: itself, but of a search for label
    errors, which keeps no model, the run whose recipe it followed; None where there was none."""
    return run if parent.label_errors is None else parent.label_errors.run


def fine_tune_spec(
    parent: RunSpec,
    run: str,
    items: Sequence[int],
    *,
    replay: float = 1.0,
    weight: float = FINE_TUNE_WEIGHT,
    epochs: int = FINE_TUNE_EPOCHS,
    rate: float | None = None,
    frozen: bool = False,
    least_forgetting: bool = True,
) -> RunSpec:
    """A recipe like `parent`'s last stage that starts from the weights of `run`, or of its `teacher_of`, and learns
    `items`.

    `rate` None takes `proposed_rate`; a low end keeps its proportion to the high one. `frozen` trains the head and the
    batch-norm layers alone. With `least_forgetting`, see `FineTune`, no early stop is needed, and the parent's is left
    out with or without. Raises ValueError for a rate or a number of epochs that no stage can have, and where there
    is no model to start from.
    """
    stage = parent.stages[-1]
    high = proposed_rate(parent, frozen=frozen) if rate is None else rate
    low = None if stage.lr.low is None or frozen else stage.lr.low * high / stage.lr.high
    count = counted(len(items), "correction")
    teacher = teacher_of(parent, run)
    if teacher is None:
        raise ValueError(f"run {run} looked for label errors and kept no model")
    return msgspec.structs.replace(
        parent,
        purpose=Purpose.TRAIN,
        stages=(
            Stage(
                epochs=epochs,
                height=stage.height,
                width=stage.width,
                batch_size=proposed_batch(stage.batch_size, len(items)),
                lr=LearningRate(high=high, low=low, discriminative=stage.lr.discriminative),
                frozen=frozen,
                unfrozen=None if frozen else stage.unfrozen,
            ),
        ),
        parent=teacher,
        label_errors=None,
        early_stop=None,
        fine_tune=FineTune(corrections=tuple(items), replay=replay, weight=weight, least_forgetting=least_forgetting),
        note=f"Fine-tuned on {count} of run {run}",
    )


def lessons(corrections: Iterable[Correction], seen: Iterable[int]) -> tuple[int, ...]:
    """What a fine-tuning learns: corrected labels, and the labelled items that were `seen` in production, where the
    model was wrong whether or not anybody had to change the label."""
    return tuple(dict.fromkeys((*trainable(corrections), *seen)))
