"""Proposals: labels that a model suggests and that count for nothing until a person accepts them."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED, LabelClass, void_ids
from studio.core.label_queue import QueueWish
from studio.core.points import Points
from studio.core.settings import Task
from studio.core.tags import PredictedTags

FROM_STROKES: Final = "strokes"
"""The source of a proposal by the small model that learns from strokes; any other source is a run's id."""

JOB_FILE: Final = "job.json"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept for one item. `mask` is a PNG below the project's `proposals/`; it, `points` or `tags` is
    there. `uncertainty` 0–1, None where the model cannot tell; `time` is seconds since the epoch (UTC). `is_open` until
    it is discarded, accepted as a whole, or its item gets classes as a whole; undoing that opens it again, redoing it
    closes it."""

    item: int
    source: str
    mask: str | None = None
    points: Points | None = None
    tags: PredictedTags | None = None
    uncertainty: float | None = None
    time: float = 0.0
    is_open: bool = True


class Stroked(msgspec.Struct, frozen=True, kw_only=True):
    """An item to learn from: its picture, and its label frozen as a PNG below the job's folder. `revision` is that of
    the label."""

    item: int
    image: str
    mask: str
    revision: int = 0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An item to propose for; `mask` is where the answer goes, absolute. `group` is the item's sequence."""

    item: int
    image: str
    mask: str
    group: str = ""


class ProposalJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is asked for, as `job.json` in a folder of its own. `run` is the folder of the run whose model
    proposes, None for a model that learns from `strokes`; `cache` is a folder for what may be found out again. With a
    `queue` the run's model first chooses among the wanted items, and proposes for those that it queues."""

    task: Task
    wanted: tuple[Wanted, ...]
    run: str | None = None
    strokes: tuple[Stroked, ...] = ()
    classes: tuple[LabelClass, ...] = ()
    cache: str = ""
    queue: QueueWish | None = None

    @property
    def proposals(self) -> int:
        """How many there will be, if all goes well."""
        return len(self.wanted) if self.queue is None else min(self.queue.places, len(self.wanted))


def encode_job(job: ProposalJob) -> bytes:
    return msgspec.json.encode(job)


def decode_job(data: bytes | str) -> ProposalJob:
    return msgspec.json.decode(data, type=ProposalJob)


def without_strangers(proposed: Mask, classes: tuple[LabelClass, ...]) -> Mask:
    """`proposed`, with `UNLABELLED` wherever it says none of these classes."""
    table = np.full(256, UNLABELLED, np.uint8)
    ids = [c.id for c in classes]
    table[ids] = ids
    return table[proposed]


def offered(label: Mask, proposed: Mask, classes: tuple[LabelClass, ...], *, replace: bool) -> Mask:
    """What accepting would set, (H, W) uint8: the proposed class, or `UNLABELLED` where the label stays as it is.

    Only pixels about which nobody has said anything are filled; with `replace` also labelled ones that differ, but
    never void ones. A class that the project has no more is not offered.
    """
    proposed = without_strangers(proposed, classes)
    if not replace:
        return np.where(label == UNLABELLED, proposed, np.uint8(UNLABELLED))
    void = np.zeros(256, np.bool_)
    void[list(void_ids(classes))] = True
    return np.where((label != proposed) & ~void[label], proposed, np.uint8(UNLABELLED))
