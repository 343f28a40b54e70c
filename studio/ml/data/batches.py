"""The batches of one split: drawn, fetched, moved to the device and transformed, all repeatable by seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor

from studio.core.recipe import Augment
from studio.core.snapshot import SnapshotItem
from studio.ml.data.cropping import RandomPlace
from studio.ml.data.images import LabelledImages
from studio.ml.data.order import batch_count, batches_of, draws_per_epoch, epoch_order
from studio.ml.data.transforms import TrainingTransform
from studio.ml.random_state import derived_seed
from studio.ml.tasks.base import Task

AHEAD: Final = 2
"""How many batches are decoded ahead where images do not fit into memory."""


@dataclass(frozen=True)
class Batch:
    """`rows` index the split's items; `images` (n, 3, H, W) normalised floats on the device, or token ids (n, L);
    `target` as the task's."""

    rows: list[int]
    images: Tensor
    target: Tensor


class SplitItems(Protocol):
    """`items[row]` is the snapshot's entry of a row."""

    items: list[SnapshotItem]

    def close(self) -> None: ...


class SplitBatches(Protocol):
    """The batches of one split, of pictures or of texts."""

    height: int
    width: int

    @property
    def images(self) -> SplitItems: ...

    def __len__(self) -> int:
        """Batches an epoch."""
        ...

    def epoch(self, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from its `first` on; each depends on seed, epoch and number alone."""
        ...

    def of_size(self, batch_size: int) -> Batch:
        """One batch of so many items, fewer where an epoch has no more; of texts the longest, so that sizes compare.
        Nothing else is read because of it, so that what is done with it has the machine for itself."""
        ...


class Batches:
    """One split at one size. `augment` None: rows in their order, as they are; else drawn and transformed by seed.
    `place` cuts that size out of what `images` holds; else they are of that size."""

    def __init__(
        self,
        images: LabelledImages,
        task: Task,
        *,
        height: int,
        width: int,
        batch_size: int,
        device: torch.device,
        augment: Augment | None = None,
        place: RandomPlace | None = None,
        seed: tuple[int, ...] = (0,),
    ) -> None:
        self.images = images
        self.height = height
        self.width = width
        self._task = task
        self._batch_size = batch_size
        self._device = device
        self._shuffles = augment is not None
        self._place = place
        self._transform = TrainingTransform(augment, task.mirror)
        self._seed = seed
        self._weights = [item.weight for item in images.items] if self._shuffles else [1.0] * len(images.items)

    def __len__(self) -> int:
        """Batches an epoch."""
        draws = draws_per_epoch(self._weights)
        return batch_count(draws, self._batch_size) if self._shuffles else -(-draws // self._batch_size)

    def epoch(self, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from its `first` on; each depends on seed, epoch and number alone."""
        plan = self._plan(epoch, self._batch_size)
        for number in range(first, len(plan)):
            for coming in plan[number : number + AHEAD + 1]:
                self.images.prefetch(coming)
            yield self._make(plan[number], derived_seed(*self._seed, epoch, number))

    def of_size(self, batch_size: int) -> Batch:
        """The first of an epoch of such batches."""
        return self._make(self._plan(0, batch_size)[0], derived_seed(*self._seed, 0, 0), alone=True)

    def _plan(self, epoch: int, batch_size: int) -> list[list[int]]:
        if self._shuffles:
            return batches_of(epoch_order(self._weights, derived_seed(*self._seed, epoch)), batch_size)
        rows = list(range(len(self.images.items)))
        return [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]

    def _make(self, rows: list[int], seed: int, *, alone: bool = False) -> Batch:
        pictures, target = self.images.fetch(rows, alone=alone)
        pictures = pictures.to(self._device, non_blocking=True)
        target = target.to(self._device, non_blocking=True)
        height, width = pictures.shape[-2:]
        label = self._task.to_label(target, height=height, width=width)
        if self._place is not None:
            pictures, label = self._place(pictures, label, rows, seed=derived_seed(seed, 1))
        images, moved = self._transform(pictures, label, seed=seed)
        return Batch(rows, images, self._task.from_label(moved, target, height=self.height, width=self.width))
