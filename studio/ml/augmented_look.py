"""Training items as a recipe's transforms make them: the pictures and labels that the first stage would train on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from studio.core.atomic import write_atomically
from studio.core.classes import LabelClass
from studio.core.errors import BadInput
from studio.core.events import Augmented, AugmentedSample, RunEvent
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.recipe import RunSpec
from studio.core.snapshot import SnapshotItem
from studio.ml.data.batches import Batch, SplitBatches
from studio.ml.data.stage_data import DataSource
from studio.ml.data.transforms import pictures_of
from studio.ml.tasks.base import Taught
from studio.ml.text.text_source import TextSource

ROLLS: Final = 8
"""How many times the items are drawn."""

_FOLDER: Final = "augmented"
_LITTLE_COMPRESSION: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def show_augmented(
    source: DataSource | TextSource, *, emit: Callable[[RunEvent], None], check: Callable[[], None]
) -> None:
    """Draw all training items of the run's snapshot `ROLLS` times as its first stage draws them; each roll is told
    when its files are written below the run's folder. `check` may raise to give up early.

    Raises NothingToTrainOn, BadMask and CannotWrite; BadInput for texts, which nothing is done to.
    """
    if not isinstance(source, DataSource):
        raise BadInput("Texts are read as they stand; there is nothing to augment.")
    count = len(source.labelled(Split.TRAIN))
    batches = replace(source, spec=_in_one_batch(source.spec, count)).load_train(0)
    try:
        for roll in range(1, ROLLS + 1):
            check()
            samples = _write(next(batches.epoch(roll)), batches, source, prefix=f"{_FOLDER}/{roll}")
            emit(Augmented(roll=roll, rolls=ROLLS, samples=samples))
    finally:
        batches.images.close()


def _in_one_batch(spec: RunSpec, count: int) -> RunSpec:
    stage = msgspec.structs.replace(spec.stages[0], batch_size=count)
    return msgspec.structs.replace(spec, stages=(stage, *spec.stages[1:]))


def _write(batch: Batch, batches: SplitBatches, source: DataSource, *, prefix: str) -> list[AugmentedSample]:
    """Each of the batch's items once, in the order of the split; files begin with `prefix`."""
    pictures = pictures_of(batch.images).permute(0, 2, 3, 1).cpu().numpy()
    place_of = {row: place for place, row in reversed(list(enumerate(batch.rows)))}
    samples: list[AugmentedSample] = []
    for row, place in sorted(place_of.items()):
        taught = source.task.taught(batch.target[place], height=batches.height, width=batches.width)
        writer = _Writer(source.folder, f"{prefix}-{row}", source.task.snapshot.classes)
        samples.append(writer.write(batches.images.items[row], pictures[place], taught))
    return samples


class _Writer:
    """Writes the files of one sample; their names begin with `prefix`, a path below `folder`."""

    def __init__(self, folder: Path, prefix: str, classes: tuple[LabelClass, ...]) -> None:
        self._folder = folder
        self._prefix = prefix
        self._classes = classes

    def write(self, item: SnapshotItem, pixels: NDArray[np.uint8], taught: Taught) -> AugmentedSample:
        """`pixels` (H, W, 3) uint8 RGB."""
        picture, mask = f"{self._prefix}.png", None
        _done, png = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _LITTLE_COMPRESSION)
        write_atomically(self._folder / picture, png.tobytes(), durable=False)
        if taught.mask is not None:
            mask = f"{self._prefix}-mask.png"
            write_mask(self._folder / mask, taught.mask, self._classes, durable=False)
        return AugmentedSample(
            item=item.id,
            name=item.name,
            picture=picture,
            mask=mask,
            points=taught.points,
            tags=taught.tags,
            shares=taught.shares,
        )
