"""The data of one run, frozen: which items, where their pictures lie, and their labels as they were when it started."""

from __future__ import annotations

from typing import Final

import msgspec

from studio.core.classes import LabelClass
from studio.core.items import Split
from studio.core.points import KeypointName, Points
from studio.core.settings import Task
from studio.core.tags import Tags

SNAPSHOT_FILE: Final = "snapshot.json"


class SnapshotItem(msgspec.Struct, frozen=True, kw_only=True):
    """`image` is an absolute path; `mask` a PNG below the run's folder. `revision` is that of the frozen label.
    `weight` is how many times as often the item is drawn for training; `corrected` marks a correction, of this run or,
    among validation items, of one whose weights it starts from: it is learnt, so it judges nothing any more."""

    id: int
    name: str
    image: str
    split: Split
    revision: int
    mask: str | None = None
    points: Points | None = None
    tags: Tags | None = None
    weight: float = 1.0
    corrected: bool = False
    score_only: bool = False
    """Predicted and scored after training, but neither trained on nor counted in a metric."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    task: Task
    classes: tuple[LabelClass, ...] = ()
    retired: tuple[LabelClass, ...] = ()
    """Classes that the project has no more; where a frozen label still has one, nobody has said anything."""
    keypoints: tuple[KeypointName, ...] = ()
    items: tuple[SnapshotItem, ...] = ()
    further: tuple[str, ...] = ()
    """Absolute paths of documents without a label, which a language model reads as well. Those of the test split are
    read by nobody."""

    def of(self, split: Split) -> list[SnapshotItem]:
        return [item for item in self.items if item.split is split and not item.score_only]


def encode_snapshot(snapshot: Snapshot) -> bytes:
    return msgspec.json.encode(snapshot)


def decode_snapshot(data: bytes | str) -> Snapshot:
    return msgspec.json.decode(data, type=Snapshot)
