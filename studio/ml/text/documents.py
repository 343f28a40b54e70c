"""The documents of one split as a run reads them, and their batches for the classifier: sorted by length, padded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch

from studio.core.resizing import Frame, Resize, frame_of
from studio.core.snapshot import SnapshotItem
from studio.ml.data.batches import Batch
from studio.ml.data.order import batch_count, batches_of, draws_per_epoch, epoch_order
from studio.ml.random_state import derived_seed
from studio.ml.tasks.base import Original
from studio.ml.tasks.text import Text
from studio.ml.text.reading import Ids, padded

CHUNK: Final = 50
"""Batches' worth of documents that are sorted among themselves: alike in length within a batch, yet another mix in each
epoch (fastai's `SortedDL`)."""


@dataclass(frozen=True)
class DocumentDecoder:
    """Reads documents of one run, of each the first `width` tokens. `height` is 1."""

    folder: Path
    task: Text
    height: int
    width: int

    def original(self, item: SnapshotItem) -> Original:
        return Original(item=item, frame=self.frame(Path(item.image)), folder=self.folder)

    def frame(self, path: Path) -> Frame:
        """A document has no size that matters."""
        return frame_of(Resize.SQUISH, (0, 0), height=self.height, width=self.width)

    def picture(self, path: Path) -> Ids:
        """(L,) ids, L at most `width`. Raises UnreadableText."""
        return self.task.ids(path)[: self.width]

    def target(self, item: SnapshotItem) -> np.ndarray:
        return self.task.read_target(self.original(item))


@dataclass
class Documents:
    """`items[row]` is the snapshot's entry of a row, `ids[row]` all its tokens."""

    items: list[SnapshotItem] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)

    def close(self) -> None:
        """Nothing is open."""


class DocumentBatches:
    """One split. `shuffles` False: each document once, the longest first; else drawn by weight and by seed, and sorted
    among so many that lengths are alike within a batch. Each batch is padded to its own longest."""

    def __init__(
        self,
        documents: Documents,
        decoder: DocumentDecoder,
        *,
        batch_size: int,
        device: torch.device,
        shuffles: bool,
        seed: tuple[int, ...] = (0,),
    ) -> None:
        self.images = documents
        self.height = decoder.height
        self.width = decoder.width
        self._decoder = decoder
        self._batch_size = batch_size
        self._device = device
        self._shuffles = shuffles
        self._seed = seed
        self._weights = [item.weight for item in documents.items]

    def __len__(self) -> int:
        """Batches an epoch."""
        if self._shuffles:
            return batch_count(draws_per_epoch(self._weights), self._batch_size)
        return math.ceil(len(self._weights) / self._batch_size)

    def epoch(self, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from its `first` on; each depends on seed, epoch and number alone."""
        for rows in self._plan(epoch)[first:]:
            yield self._make(rows)

    def of_size(self, batch_size: int) -> Batch:
        """The longest documents of an epoch."""
        order = epoch_order(self._weights, derived_seed(*self._seed, 0))
        return self._make(batches_of(self._longest_first(order), batch_size)[0])

    def _plan(self, epoch: int) -> list[list[int]]:
        if not self._shuffles:
            rows = self._longest_first(range(len(self._weights)))
            return [rows[i : i + self._batch_size] for i in range(0, len(rows), self._batch_size)]
        order = epoch_order(self._weights, derived_seed(*self._seed, epoch))
        step = CHUNK * self._batch_size
        order = [row for i in range(0, len(order), step) for row in self._longest_first(order[i : i + step])]
        batches = batches_of(order, self._batch_size)
        np.random.default_rng(derived_seed(*self._seed, epoch, 1)).shuffle(batches)  # pyright: ignore[reportArgumentType]
        return batches

    def _longest_first(self, rows: Sequence[int]) -> list[int]:
        return sorted(rows, key=lambda row: (-min(len(self.images.ids[row]), self.width), row))

    def _make(self, rows: list[int]) -> Batch:
        ids = padded([self.images.ids[row][: self.width] for row in rows])
        target = np.stack([self._decoder.target(self.images.items[row]) for row in rows])
        return Batch(rows, ids.to(self._device), torch.from_numpy(target).to(self._device))
