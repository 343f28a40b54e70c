"""What a run says: one typed JSON line an event, in `events.jsonl` and on the worker's pipe."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from studio.core.label_queue import Queued
from studio.core.outcome import OutcomeKind
from studio.core.points import Points
from studio.core.tags import PredictedTags, Tags

EVENT_VERSION: Final = 1


class Metric(msgspec.Struct, frozen=True):
    """A number and, in `detail`, split, classes, void rule and size. `better`: +1 where more is better, else -1."""

    name: str
    value: float
    better: int = 1
    detail: str = ""


class LrSuggestion(msgspec.Struct, frozen=True):
    """`rule` is valley, steep, minimum or slide."""

    rule: str
    lr: float


class SamplePrediction(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction of one watched item: a mask as a PNG below the run's folder, points in pixels of the original, or
    classes of the whole item."""

    item: int
    name: str
    mask: str | None = None
    points: Points | None = None
    tags: PredictedTags | None = None


class AugmentedSample(msgspec.Struct, frozen=True, kw_only=True):
    """One training item as it was drawn and transformed: `picture` and `mask` are PNGs of one size below the run's
    folder, `points` are in pixels of that picture, `tags` are about the whole item. In the place of tags a mixed
    picture has `shares`: (class id, 0–1), the largest first."""

    item: int
    name: str
    picture: str
    mask: str | None = None
    points: Points | None = None
    tags: Tags | None = None
    shares: tuple[tuple[int, float], ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """`time` is seconds since the epoch (UTC)."""

    time: float = 0.0


class Started(Event, frozen=True, kw_only=True, tag="started"):
    """`weights` says in one sentence where the first weights come from. `steps` counts batches of the whole run.
    `class_weights` is how much each class weighs in the training loss; empty where all weigh the same."""

    version: int = EVENT_VERSION
    purpose: str
    device: str
    precision: str
    weights: str
    parameters: int
    train_items: int
    valid_items: int
    steps: int
    epochs: int
    resumed_at: int = 0
    class_weights: dict[str, float] = {}


class StageStarted(Event, frozen=True, kw_only=True, tag="stage"):
    stage: int
    epochs: int
    height: int
    width: int
    batch_size: int
    frozen: bool
    unfrozen: int | None = None
    language: bool = False


class LrPoint(Event, frozen=True, kw_only=True, tag="lr_point"):
    """`loss` of one batch at rate `lr`; `smoothed` as the finder uses it. `loss` is NaN-free: a NaN ends the finder."""

    step: int
    lr: float
    loss: float
    smoothed: float


class LrFound(Event, frozen=True, kw_only=True, tag="lr_found"):
    suggestions: list[LrSuggestion]
    stopped: str
    """Why the sweep ended: finished, diverged, nan or cancelled."""


class BatchTried(Event, frozen=True, kw_only=True, tag="batch_tried"):
    """A few steps with batches of this size, or where it does not fit into memory none. `memory` in bytes, with
    everything that the process holds; None where the device does not say it."""

    batch_size: int
    fits: bool
    images_per_second: float = 0.0
    memory: int | None = None


class BatchFound(Event, frozen=True, kw_only=True, tag="batch_found"):
    """The batch size to train with, and in `sentence` why."""

    batch_size: int
    sentence: str


class Step(Event, frozen=True, kw_only=True, omit_defaults=True, tag="step"):
    """`step` counts from 1 over the whole run. `lrs` has the rate of each parameter group, first layers first.

    What costs time to measure is there with some steps only: `gradient_norm`, the 2-norm of all gradients together
    before they were clipped; `memory`, in bytes, the most that tensors took on the GPU, or what the whole process takes
    where there is none; `memory_reserved`, what PyTorch holds of the GPU."""

    step: int
    epoch: int
    loss: float
    smoothed: float
    lrs: list[float]
    momentum: float
    images_per_second: float
    seconds_left: float
    gradient_norm: float | None = None
    memory: int | None = None
    memory_reserved: int | None = None


class EpochEnd(Event, frozen=True, kw_only=True, tag="epoch"):
    """`epoch` counts from 1 over the whole run; losses are means over the split. `never_predicted` names classes that
    validation items are labelled with and that no prediction on them has."""

    epoch: int
    step: int
    train_loss: float
    valid_loss: float
    metrics: list[Metric]
    seconds: float
    never_predicted: tuple[str, ...] = ()


class Samples(Event, frozen=True, kw_only=True, tag="samples"):
    epoch: int
    predictions: list[SamplePrediction]


class CheckpointSaved(Event, frozen=True, kw_only=True, tag="checkpoint"):
    step: int
    epoch: int


class WentBack(Event, frozen=True, kw_only=True, tag="went_back"):
    """After `step` the loss was no number, so the run goes on from the state after `to_step` (0: its first weights)
    with all rates of its recipe divided by `rate_divisor`. This was return number `returns` of `most_returns`."""

    sentence: str
    step: int
    to_step: int
    rate_divisor: float
    returns: int
    most_returns: int


class RateLowered(Event, frozen=True, kw_only=True, tag="rate_lowered"):
    """A person asked for it: the steps after `step` have every rate divided by `divisor` once more, which together
    with what was asked before is `rate_divisor`."""

    step: int
    divisor: float
    rate_divisor: float


class EpochAdded(Event, frozen=True, kw_only=True, tag="epoch_added"):
    """A person asked for it: from `step` on, `stage` has `epochs` epochs, and the whole run these totals."""

    step: int
    stage: int
    epochs: int
    total_epochs: int
    total_steps: int


class Scored(Event, frozen=True, kw_only=True, tag="scored"):
    """Every chosen item now has a prediction and a score; `scores` is a JSON-lines file below the run's folder."""

    scores: str
    items: int


class Proposed(Event, frozen=True, kw_only=True, tag="proposed"):
    """One item has a proposal: a mask where the job wanted it, `points` or `tags`; `uncertainty` 0–1, None where
    unknown."""

    item: int
    points: Points | None = None
    tags: PredictedTags | None = None
    uncertainty: float | None = None


class Ranked(Event, frozen=True, kw_only=True, tag="ranked"):
    """What to label next was chosen: `queue`, the first one first. Proposals for these items follow."""

    queue: tuple[Queued, ...]


class Augmented(Event, frozen=True, kw_only=True, tag="augmented"):
    """The same training items drawn anew; `roll` counts from 1 to `rolls`."""

    roll: int
    rolls: int
    samples: list[AugmentedSample]


class Progress(Event, frozen=True, kw_only=True, tag="progress"):
    """What the run is doing between steps, such as reading images. `done` of `total`, in items."""

    what: str
    done: int
    total: int


class Concern(enum.StrEnum):
    """What a warning is about, where a program may want to act on it."""

    MEMORY = "memory"
    EARLY_STOP = "early-stop"
    FORGETTING = "forgetting"
    MIXED_WEIGHTS = "mixed-weights"


class Warned(Event, frozen=True, kw_only=True, tag="warning"):
    """`about` is a `Concern`, or a word of a later program, or empty."""

    sentence: str
    about: str = ""


class Paused(Event, frozen=True, kw_only=True, tag="paused"):
    pass


class Resumed(Event, frozen=True, kw_only=True, tag="resumed"):
    pass


class Finished(Event, frozen=True, kw_only=True, tag="finished"):
    """The run ended in order; `outcome` is finished or stopped."""

    outcome: OutcomeKind
    seconds: float


class Failed(Event, frozen=True, kw_only=True, tag="failed"):
    """The run ended by an error it could still report; `detail` is a traceback for the curious."""

    outcome: OutcomeKind
    sentence: str
    detail: str = ""


RunEvent = (
    Started
    | StageStarted
    | LrPoint
    | LrFound
    | BatchTried
    | BatchFound
    | Step
    | EpochEnd
    | Samples
    | CheckpointSaved
    | WentBack
    | RateLowered
    | EpochAdded
    | Scored
    | Proposed
    | Ranked
    | Augmented
    | Progress
    | Warned
    | Paused
    | Resumed
    | Finished
    | Failed
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(RunEvent)


def encode_event(event: RunEvent) -> bytes:
    """One line, newline included."""
    return _encoder.encode(event) + b"\n"


def decode_event(line: bytes | str) -> RunEvent:
    """Raises msgspec.DecodeError (or its ValidationError) when the line is no event of this version."""
    return _decoder.decode(line)


def read_events(path: Path) -> Iterator[RunEvent]:
    """What a run said so far. Lines that are no whole event are passed over: a process that was killed leaves a torn
    one, at the end or, when the run was resumed, in the middle."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield decode_event(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue


_TAIL_BYTES: Final = 64 * 1024
"""An epoch's end is among the last lines of a run: what follows it is a checkpoint, scores and the end."""


def last_epoch(path: Path) -> EpochEnd | None:
    """The last epoch that a run ended, read from the end of its events; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read().splitlines()
    for line in reversed(lines):
        if b'"epoch"' not in line:
            continue
        try:
            event = decode_event(line)
        except (msgspec.DecodeError, UnicodeDecodeError):  # torn by the start of the tail, or by a crash
            continue
        if isinstance(event, EpochEnd):
            return event
    return None
