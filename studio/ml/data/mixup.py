"""MixUp (Zhang et al. 2018, arXiv:1710.09412) as in fastai: each picture of a batch with a share of another of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from studio.ml.data.batches import Batch, SplitBatches, SplitItems
from studio.ml.random_state import derived_seed
from studio.ml.tasks.base import Task

_PLACE = 2
"""What is drawn here comes from seeds of its own, not from those of a batch's transforms."""


class MixedBatches:
    """A training split whose targets are (n, K) shares of classes, as the task has them.

    An item keeps max(λ, 1 - λ) of itself, λ from Beta(`alpha`, `alpha`), and the rest is its partner's; where one of
    the two has no label, the item stays as it is. What is drawn depends on `seed`, epoch and number of a batch alone.
    """

    def __init__(self, batches: SplitBatches, task: Task, *, alpha: float, seed: tuple[int, ...]) -> None:
        self._batches = batches
        self._task = task
        self._alpha = alpha
        self._seed = seed
        self.height = batches.height
        self.width = batches.width

    @property
    def images(self) -> SplitItems:
        return self._batches.images

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._batches)

    def epoch(self, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from its `first` on."""
        for number, batch in enumerate(self._batches.epoch(epoch, first=first), start=first):
            yield self._mixed(batch, derived_seed(*self._seed, epoch, number, _PLACE))

    def of_size(self, batch_size: int) -> Batch:
        """The first of an epoch of such batches."""
        return self._mixed(self._batches.of_size(batch_size), derived_seed(*self._seed, 0, 0, _PLACE))

    def _mixed(self, batch: Batch, seed: int) -> Batch:
        shares = self._task.class_shares(batch.target)
        random = np.random.default_rng(seed)
        partners = torch.from_numpy(random.permutation(len(batch.rows))).to(shares.device)
        drawn = random.beta(self._alpha, self._alpha, len(batch.rows)).astype(np.float32)
        keeps = torch.from_numpy(np.maximum(drawn, 1 - drawn)).to(shares.device)
        counts = (shares >= 0).all(1)
        keeps = torch.where(counts & counts[partners], keeps, 1)
        images = torch.lerp(batch.images[partners], batch.images, _beside(keeps, batch.images))
        return Batch(batch.rows, images, torch.lerp(shares[partners], shares, _beside(keeps, shares)))


def _beside(keeps: Tensor, values: Tensor) -> Tensor:
    """(n,) as (n, 1, …), to go with each dimension of `values`."""
    return keeps.view(-1, *[1] * (values.dim() - 1))
