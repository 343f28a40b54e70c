"""Batches for the language model: all texts one behind the other, in as many streams as a batch has rows; a batch goes
on where the one before stopped, and the target is the text one token on (truncated back-propagation through time)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch

from studio.ml.data.batches import Batch
from studio.ml.random_state import derived_seed
from studio.ml.text.documents import Documents
from studio.ml.text.reading import Ids, stream

STEPS: Final = 72
"""Tokens that a batch has of each stream, and through which the gradient goes back: fastai's `seq_len`."""

NO_ROW: Final = -1
"""In `Batch.rows`: the row is a stream and no item."""


class LanguageBatches:
    """`texts` are read in another order in each epoch where there is a `seed`, in their own otherwise. `documents` are
    the labelled ones among them, which checkpoints compare; `width` is passed on to who asks for it."""

    def __init__(
        self,
        documents: Documents,
        texts: Sequence[Ids],
        *,
        width: int,
        batch_size: int,
        device: torch.device,
        seed: tuple[int, ...] | None,
    ) -> None:
        self.images = documents
        self.height = 1
        self.width = width
        self._texts = list(texts)
        self._device = device
        self._seed = seed
        self._count = sum(len(ids) for ids in texts)
        self._streams = stream_count(self._count, batch_size)

    def __len__(self) -> int:
        """Batches an epoch."""
        return step_count(self._count, self._streams)

    def epoch(self, epoch: int, *, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from its `first` on; each depends on seed, epoch and number alone."""
        yield from self._epoch(epoch, self._streams, first)

    def of_size(self, batch_size: int) -> Batch:
        """The first of an epoch of such batches."""
        return next(self._epoch(0, stream_count(self._count, batch_size), 0))

    def _epoch(self, epoch: int, streams: int, first: int) -> Iterator[Batch]:
        order = np.arange(len(self._texts))
        if self._seed is not None:
            np.random.default_rng(derived_seed(*self._seed, epoch)).shuffle(order)
        text = torch.from_numpy(stream(self._texts[i] for i in order).astype(np.int64))
        length = (self._count - 1) // streams
        read = text[: length * streams].view(streams, length)
        following = text[1 : length * streams + 1].view(streams, length)
        for start in range(first * STEPS, length, STEPS):
            yield Batch(
                [NO_ROW] * streams,
                read[:, start : start + STEPS].to(self._device),
                following[:, start : start + STEPS].to(self._device),
            )


def stream_count(tokens: int, batch_size: int) -> int:
    """As many streams as asked for, fewer where each would have less than a batch's steps."""
    return max(1, min(batch_size, (tokens - 1) // STEPS))


def step_count(tokens: int, streams: int) -> int:
    """Batches in so many tokens."""
    return -(-((tokens - 1) // streams) // STEPS) if tokens > 1 else 0
