"""After each epoch, the predictions of the same few validation items, as pictures that improve."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from torch import Tensor

from studio.core.events import SamplePrediction, Samples
from studio.ml.callbacks.base import Callback
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner
from studio.ml.random_state import derived_seed

WATCHED: Final = 4

SAMPLES_FOLDER: Final = "samples"


class WatchedSamples(Callback):
    order: ClassVar[int] = 40

    def __init__(self, folder: Path, log: EventSink, *, seed: int) -> None:
        self._folder = folder
        self._log = log
        self._seed = seed
        self._outputs: dict[int, Tensor] = {}

    def before_epoch(self, learner: Learner) -> None:
        self._outputs.clear()

    def after_valid_batch(self, learner: Learner) -> None:
        watched = watched_rows(len(learner.data.valid.images.items), self._seed)
        for position, row in enumerate(learner.batch.rows):
            if row in watched:
                self._outputs[row] = learner.output[position].clone()

    def after_epoch(self, learner: Learner) -> None:
        if not self._outputs:  # a language model says nothing of an item
            return
        epoch = learner.at.epochs_done
        folder = self._folder / SAMPLES_FOLDER / f"epoch_{epoch:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        predictions = [self._sample(learner, row, folder) for row in sorted(self._outputs)]
        self._log.emit(Samples(epoch=epoch, predictions=predictions))

    def cleanup(self, learner: Learner) -> None:
        self._outputs.clear()

    def _sample(self, learner: Learner, row: int, folder: Path) -> SamplePrediction:
        item = learner.data.valid.images.items[row]
        original = learner.data.decoder.original(item)
        return learner.task.sample(self._outputs[row], original, folder=folder, name=f"{item.id:06d}")


def watched_rows(count: int, seed: int) -> set[int]:
    """Up to four rows, one out of each quarter of the split, the same for the same seed."""
    edges = np.linspace(0, count, min(WATCHED, count) + 1).astype(int)
    generator = np.random.default_rng(derived_seed(seed, count))
    return {int(generator.integers(low, high)) for low, high in itertools.pairwise(edges)}
