"""Recipes that already work: sizes, batches, epochs and augmentation by data set and device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from studio.core.recipe import Augment, Encoder, LearningRate, ModelSpec, RunSpec, Stage
from studio.core.settings import ProjectSettings, Task

DEFAULT_RATE: Final = 1e-3
"""Peak rate of AdamW under one-cycle that trains every encoder here, from scratch and from ImageNet."""

DRAWS: Final = 1500
"""About how many images, repeats included, a network must see to get somewhere from scratch."""

TEXT_DRAWS: Final = 19_200
"""About how many documents, repeats included, a text classifier from scratch must read: with 800 film reviews the
validation loss leaps from epoch to epoch until about then."""

MOST_TOKENS: Final = 600
"""Of a document: nine of ten film reviews are shorter."""

MIN_EPOCHS: Final = 5
MAX_EPOCHS: Final = 40

COMMON_SIZE: Final = (640, 480)
"""Width and height that pictures are taken to have where none can be read."""

SIDE_STEP: Final = 32
"""Encoders halve a picture five times; sides that are multiples of this lose nothing to rounding."""


@dataclass(frozen=True)
class _Budget:
    """`pixels` of one image in the last stage, and images a batch at that size."""

    pixels: int
    batch: int


_BUDGETS: Final = {
    "cpu": _Budget(96 * 128, 8),
    "mps": _Budget(192 * 256, 8),
    "cuda": _Budget(384 * 512, 8),
}


def default_spec(
    settings: ProjectSettings, *, n_items: int, image_size: tuple[int, int], device_kind: str = "cpu"
) -> RunSpec:
    """A recipe for `n_items` training items whose images are about `image_size` (width, height).

    `device_kind` is cpu, cuda or mps. On a processor one small stage; on a GPU a stage at half the size first (lesson
    3's progressive resizing), when the images are large enough for two.
    """
    if settings.task is Task.TEXT:
        return _text_spec(n_items)
    budget = _BUDGETS.get(device_kind, _BUDGETS["cpu"])
    sizes = [training_size(image_size, budget.pixels)]
    if device_kind in ("cuda", "mps"):
        half = training_size(image_size, budget.pixels // 4)
        sizes = [half, *sizes] if half != sizes[0] else sizes
    epochs = max(1, round(default_epochs(n_items) / len(sizes)))
    stages = tuple(
        Stage(
            epochs=epochs, height=height, width=width, batch_size=_batch(budget, height * width, n_items), lr=_rate(i)
        )
        for i, (height, width) in enumerate(sizes)
    )
    return RunSpec(
        task=settings.task,
        model=ModelSpec(encoder=Encoder.RESNET18 if device_kind == "cpu" else Encoder.RESNET34),
        stages=stages,
        augment=default_augment(settings, device_kind=device_kind),
    )


def _text_spec(n_items: int) -> RunSpec:
    """Lesson 3's way: a language model on all texts, then the classifier, unfrozen from its head to the embedding. For
    few documents more epochs of the last part."""
    epochs = min(MAX_EPOCHS, max(2, math.ceil(TEXT_DRAWS / max(n_items, 1))))
    batch = 2 ** int(math.log2(max(2, min(16, n_items // 8))))

    def stage(epochs: int, rate: float, **others: Any) -> Stage:
        options = {"batch_size": batch, **others}
        return Stage(epochs=epochs, height=1, width=MOST_TOKENS, lr=LearningRate(high=rate), **options)

    return RunSpec(
        task=Task.TEXT,
        model=ModelSpec(pretrained=False),
        stages=(
            stage(1, 3e-3, batch_size=32, language=True),
            stage(1, 1e-2, frozen=True),
            stage(1, 5e-3, unfrozen=2),
            stage(epochs, 5e-3),
        ),
        augment=Augment(flip=False),
        weight_decay=0.05,
    )


def training_size(image_size: tuple[int, int], pixels: int) -> tuple[int, int]:
    """(height, width), multiples of 32, of about `pixels` and the aspect of `image_size` (width, height); not larger
    than the image where that leaves at least 32."""
    width, height = max(image_size[0], 1), max(image_size[1], 1)
    aspect = width / height
    pixels = min(pixels, width * height)
    candidates = [
        (rows * SIDE_STEP, columns * SIDE_STEP)
        for rows in range(1, 33)
        for columns in range(1, 33)
        if rows * columns * SIDE_STEP**2 <= max(pixels, SIDE_STEP**2)
    ]
    return min(candidates, key=lambda size: _misfit(size, aspect, pixels))


def default_epochs(n_items: int) -> int:
    """Many for a few images, few for many: about 1500 images in all, between 5 and 40 epochs."""
    return min(MAX_EPOCHS, max(MIN_EPOCHS, math.ceil(DRAWS / max(n_items, 1))))


def default_augment(settings: ProjectSettings, *, device_kind: str = "cpu") -> Augment:
    """Mirror images where that changes no label's meaning: always for masks, for keypoints only when there is one or
    when mirror partners are named (the left eye of a mirrored face is its right one).

    Zoom and lighting pay off over many epochs only. In the short recipes of a processor they cost accuracy (CamVid, ten
    epochs from scratch: 0.67 with them, 0.73 without), so they are for GPUs.
    """
    mirrors = any(keypoint.mirror for keypoint in settings.keypoints)
    flip = settings.task is not Task.KEYPOINTS or len(settings.keypoints) == 1 or mirrors
    if device_kind == "cpu":
        return Augment(flip=flip)
    return Augment(flip=flip, zoom=0.1, lighting=0.2)


def _misfit(size: tuple[int, int], aspect: float, pixels: int) -> float:
    """How far a size is from the wanted one: octaves of area, and twice as much for octaves of aspect."""
    height, width = size
    return abs(math.log2(height * width / pixels)) + 2 * abs(math.log2(width / height / aspect))


def _batch(budget: _Budget, pixels: int, n_items: int) -> int:
    """The power of two that takes at most the memory of the budget's batch, up to 32, and gives few images steps."""
    fitting = budget.batch * budget.pixels // max(pixels, 1)
    return 2 ** int(math.log2(max(2, min(32, fitting, max(8, n_items // 8)))))


def _rate(stage: int) -> LearningRate:
    """A later stage starts from weights that fit already: half the rate."""
    return LearningRate(high=DEFAULT_RATE if stage == 0 else DEFAULT_RATE / 2)
