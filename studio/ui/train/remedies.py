"""What a person can choose when a run ended badly, and the recipe that each choice makes. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from studio.core.events import Started
from studio.core.kept_state import STATE_FILE
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.core.recipe import Precision, Purpose, RunSpec
from studio.store import RunRecord
from studio.ui.train.rates import with_half_the_batch, with_lower_rate


@dataclass(frozen=True)
class Choice:
    """`text` stands on the button, `tip` says what will be done."""

    remedy: Remedy
    text: str
    tip: str


_RESUME: Final = Choice(Remedy.RESUME, "Resume", "Go on from the run's last checkpoint")
_HALVE: Final = Choice(
    Remedy.HALVE_BATCH, "Halve the batch and start again", "A new run whose steps see half as many items at once"
)
_LOWER: Final = Choice(
    Remedy.LOWER_RATE, "Lower the rate and start again", "A new run of the same recipe at a tenth of every rate"
)
_GO_BACK: Final = Choice(
    Remedy.GO_BACK,
    "Back to the checkpoint, rate ÷ 3",
    "Go on with this run from its last good checkpoint, with a third of every rate",
)
_HALF_PRECISION: Final = Choice(
    Remedy.OTHER_PRECISION, "Half precision", "A new run in mixed precision, whose activations take half the memory"
)
_FULL_PRECISION: Final = Choice(
    Remedy.OTHER_PRECISION, "Full precision", "A new run in float32, whose numbers reach further than half precision"
)


def choices(record: RunRecord, outcome: RunOutcome, started: Started | None) -> list[Choice]:
    """What can be done, the outcome's own remedy first. `started` says on which device the run was, if it got there."""
    match outcome.kind, outcome.remedy:
        case (_, Remedy.NONE):
            return []
        case (OutcomeKind.OUT_OF_MEMORY, _) | (_, Remedy.HALVE_BATCH):
            return _for_a_full_memory(record.spec, started)
        case (OutcomeKind.DIVERGED, _):
            return _for_a_loss_that_is_no_number(record, started)
        case _:
            return [_RESUME]


def changed(spec: RunSpec, remedy: Remedy) -> RunSpec:
    """The recipe of the new run that a choice starts; the same one where the choice can change nothing any more."""
    match remedy:
        case Remedy.HALVE_BATCH:
            return with_half_the_batch(spec)
        case Remedy.MORE_PARTS:
            return replace(spec, parts=2 * spec.parts) if _can_be_divided(spec) else spec
        case Remedy.LOWER_RATE:
            return with_lower_rate(spec)
        case Remedy.OTHER_PRECISION:
            half = spec.precision is Precision.FLOAT32
            return replace(spec, precision=Precision.AUTO if half else Precision.FLOAT32)
        case _:
            return spec


def _for_a_full_memory(spec: RunSpec, started: Started | None) -> list[Choice]:
    offered = [_HALVE]
    if _can_be_divided(spec):
        parts = 2 * spec.parts
        tip = f"A new run with the same batch, its gradients added up from {parts} parts one after the other"
        offered.append(Choice(Remedy.MORE_PARTS, f"Same batch in {parts} parts", tip))
    if started is not None and started.device.startswith("cuda") and spec.precision is Precision.FLOAT32:
        offered.append(_HALF_PRECISION)
    return offered


def _for_a_loss_that_is_no_number(record: RunRecord, started: Started | None) -> list[Choice]:
    offered = [_LOWER]
    if record.spec.purpose is Purpose.TRAIN and (record.folder / STATE_FILE).exists():
        offered.append(_GO_BACK)
    if started is not None and started.precision in (Precision.FP16, Precision.BF16):
        offered.append(_FULL_PRECISION)
    return offered


def _can_be_divided(spec: RunSpec) -> bool:
    """A part has two items at least, so that batch norm has something to compare."""
    return min(stage.batch_size for stage in spec.stages) >= 4 * spec.parts
