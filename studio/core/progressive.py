"""Progressive resizing: the same epochs at growing sizes of the pictures, as in fast.ai's lesson 3 (Planet, 128 → 256).

To the network larger pictures are almost a new data set, so that it cannot have learnt them by heart; and most of the
work is done where an epoch is cheap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from studio.core.counting import counted
from studio.core.defaults import training_size
from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.settings import Task

SIDES: Final = (64, 128, 256)
"""Of square pictures; of others, sizes of their shape and of as many pixels."""

LARGEST_BATCH: Final = 64

_SMALLEST_BATCH: Final = 2
"""Batch-norm layers need more than one picture."""

_WHOLE_NETWORK: Final = 5.0
"""By this the rate is divided where the encoder is not frozen any more (lesson 3: `slice(1e-5, lr/5)`)."""

_LATER_SIZE: Final = 2.0
"""By this the rate is divided at every size but the first, where the weights fit already (lesson 3: `lr/2` at 256)."""


@dataclass(frozen=True)
class Growth:
    """A recipe whose stages grow, and what was done in a sentence or two."""

    spec: RunSpec
    sentence: str


def growing_sizes(spec: RunSpec, image_size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """(height, width) from the smallest to the largest for pictures of `image_size` (width, height): as many pixels as
    squares of 64, 128 and 256 have, or where the recipe trains larger pictures already a quarter and half of their
    sides and all of it. A size that the pictures do not have is left out."""
    if spec.task is Task.TEXT:
        return ()
    largest = max(stage.height * stage.width for stage in spec.stages)
    return _sizes(max(SIDES[-1] ** 2, min(largest, image_size[0] * image_size[1])), image_size)


@lru_cache(maxsize=64)
def _sizes(full: int, image_size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    areas = [area for area in (full // 16, full // 4, full) if area <= image_size[0] * image_size[1]]
    return tuple(dict.fromkeys(training_size(image_size, area) for area in areas))


def grown(spec: RunSpec, image_size: tuple[int, int]) -> Growth | None:
    """The recipe with its epochs spread evenly over growing sizes; None where the pictures have only one of them.

    At each size the head is trained first and then the whole network at a fifth of the rate, as the lesson does, where
    the encoder begins with weights that know something; from random weights the whole network at once. Batches are
    those of the recipe, larger as the pictures are smaller.
    """
    sizes = growing_sizes(spec, image_size)
    if len(sizes) < 2:
        return None
    head_first = spec.model.pretrained or spec.parent is not None
    before = sum(stage.epochs for stage in spec.stages)
    epochs = _shares(before, len(sizes) * (2 if head_first else 1))
    like = replace(spec.stages[-1], frozen=False, unfrozen=None)
    stages: list[Stage] = []
    for i, (height, width) in enumerate(sizes):
        rate = spec.stages[0].lr.high / (_LATER_SIZE if i else 1)
        stage = replace(
            like, height=height, width=width, batch_size=_batch(spec.stages, height * width), lr=LearningRate(high=rate)
        )
        if head_first:
            stages.append(replace(stage, epochs=epochs[len(stages)], frozen=True))
            stage = replace(stage, lr=LearningRate(high=rate / _WHOLE_NETWORK, discriminative=True))
        stages.append(replace(stage, epochs=epochs[len(stages)]))
    return Growth(replace(spec, stages=tuple(stages)), _sentence(stages, before, sizes, image_size))


def size_row(sizes: Sequence[tuple[int, int]]) -> str:
    """64 → 128 → 256; 64×64 → 96×128 where they are not square."""
    square = all(height == width for height, width in sizes)
    return " → ".join(f"{height}" if square else f"{height}×{width}" for height, width in sizes)


def _shares(epochs: int, parts: int) -> list[int]:
    """At least one each; what is left over goes to the last ones."""
    each, left = divmod(epochs, parts)
    return [max(1, each + (i >= parts - left)) for i in range(parts)]


def _batch(stages: Sequence[Stage], pixels: int) -> int:
    """The power of two that takes at most as much memory as the recipe's largest stage does."""
    memory = max(stage.batch_size * stage.height * stage.width for stage in stages)
    fitting = min(LARGEST_BATCH, max(_SMALLEST_BATCH, memory // pixels))
    return 2 ** int(math.log2(fitting))


def _sentence(
    stages: Sequence[Stage], before: int, sizes: Sequence[tuple[int, int]], image_size: tuple[int, int]
) -> str:
    after = sum(stage.epochs for stage in stages)
    how = "at half the rate after the first"
    if stages[0].frozen:
        how = "at each the head first, then the whole network at a fifth of the rate"
    epochs = f"{'the same ' if after == before else ''}{counted(after, 'epoch')}"
    width, height = image_size
    left_out = f" Larger ones are left out, the pictures have {height}×{width}." if _is_small(image_size) else ""
    return f"{counted(len(stages), 'stage')}, {size_row(sizes)}: {how}; {epochs} in all.{left_out}"


def _is_small(image_size: tuple[int, int]) -> bool:
    return image_size[0] * image_size[1] < SIDES[-1] ** 2
