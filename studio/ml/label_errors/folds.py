"""Dividing labelled items into folds, and the data of each: all others to learn from, the fold to predict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from studio.core.items import Split
from studio.core.kept_state import FOLDS_FOLDER
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import ids_of
from studio.ml.random_state import derived_seed

_ONE_CLASS: Final = (Task.SINGLE_LABEL, Task.TEXT)


@dataclass(frozen=True, kw_only=True)
class Fold:
    """`number` counts from 1. `snapshot` has the fold's items as its validation split, all others to train on, and
    masks by absolute paths, as they lie in the run's folder and not in the fold's."""

    number: int
    folder: Path
    snapshot: Snapshot


def make_folds(run: Path, snapshot: Snapshot, labelled: Sequence[SnapshotItem], *, folds: int, seed: int) -> list[Fold]:
    """At most `folds`, each of two items at least; the same for the same items and seed."""
    count = max(2, min(folds, len(labelled) // 2))
    fold_of = _assigned(labelled, one_class=snapshot.task in _ONE_CLASS, folds=count, seed=seed)
    return [
        Fold(
            number=number,
            folder=run / FOLDS_FOLDER / str(number),
            snapshot=msgspec.structs.replace(
                snapshot, items=tuple(_moved(item, run, held_out=fold_of[item.id] == number) for item in labelled)
            ),
        )
        for number in range(1, count + 1)
    ]


def _assigned(labelled: Sequence[SnapshotItem], *, one_class: bool, folds: int, seed: int) -> dict[int, int]:
    """The fold of each item, by id; where items have one class, each class is spread evenly."""
    by_class: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for item in labelled:
        by_class[ids_of(item.tags) if one_class else ()].append(item.id)
    dice = np.random.default_rng(derived_seed(seed, folds))
    shuffled = [ids[place] for _, ids in sorted(by_class.items()) for place in dice.permutation(len(ids))]
    return {item_id: 1 + place % folds for place, item_id in enumerate(shuffled)}


def in_folder(item: SnapshotItem, run: Path) -> SnapshotItem:
    """The item with its mask by an absolute path, for whoever works in another folder than the run's."""
    return item if item.mask is None else msgspec.structs.replace(item, mask=str(run / item.mask))


def _moved(item: SnapshotItem, run: Path, *, held_out: bool) -> SnapshotItem:
    return msgspec.structs.replace(in_folder(item, run), split=Split.VALID if held_out else Split.TRAIN)
