"""Makes run folders of small text projects: made-up reviews whose class a few words tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio.core.classes import make_classes
from studio.core.items import Split
from studio.core.recipe import LearningRate, RunSpec, Stage, encode_spec
from studio.core.settings import Task
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotItem, encode_snapshot
from studio.core.tags import Tags

CLASSES = tuple(make_classes(["bad", "good"]))

TELLING = (("awful", "boring", "dull", "worst"), ("great", "lovely", "superb", "best"))
_OTHERS = (
    "The",
    "film",
    "was",
    "about",
    "a",
    "man",
    "who",
    "went",
    "to",
    "the",
    "sea",
    "and",
    "it",
    "had",
    "some",
    "music",
)

LANGUAGE = Stage(epochs=1, height=1, width=40, batch_size=4, lr=LearningRate(high=1e-2), language=True)
STAGES = (
    LANGUAGE,
    Stage(epochs=1, height=1, width=40, batch_size=8, lr=LearningRate(high=1e-2), frozen=True),
    Stage(epochs=1, height=1, width=40, batch_size=8, lr=LearningRate(high=1e-2), unfrozen=2),
    Stage(epochs=2, height=1, width=40, batch_size=8, lr=LearningRate(high=1e-2, low=1e-3)),
)
"""A language model, then the classifier unfrozen from its head to the embedding."""


def review(random: np.random.Generator, label: int) -> str:
    words = [str(word) for word in random.choice(_OTHERS, int(random.integers(8, 24)))]
    for word in random.choice(TELLING[label], 3):
        words.insert(int(random.integers(0, len(words))), str(word))
    return " ".join(words) + "."


def recipe(stages: Sequence[Stage] = STAGES, **others: object) -> RunSpec:
    return RunSpec(task=Task.TEXT, stages=tuple(stages), **others)  # pyright: ignore[reportArgumentType]


def make_run(folder: Path, spec: RunSpec, *, train: int = 32, valid: int = 12, further: int = 4) -> Path:
    """A run's folder; item ids count from 1, the training items first. `further` texts have no label."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = folder.parent / "texts"
    texts.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    items: list[SnapshotItem] = []
    for number in range(1, train + valid + 1):
        label = number % 2
        path = texts / f"{number:03}.txt"
        path.write_text(review(random, label), encoding="utf-8")
        split = Split.TRAIN if number <= train else Split.VALID
        items.append(
            SnapshotItem(
                id=number, name=path.name, image=str(path), split=split, revision=number * 10, tags=Tags((label,))
            )
        )
    more = [texts / f"more{number}.txt" for number in range(further)]
    for path in more:
        path.write_text(review(random, 0), encoding="utf-8")
    snapshot = Snapshot(task=Task.TEXT, classes=CLASSES, items=tuple(items), further=tuple(str(path) for path in more))
    (folder / "recipe.json").write_bytes(encode_spec(spec))
    (folder / SNAPSHOT_FILE).write_bytes(encode_snapshot(snapshot))
    return folder
