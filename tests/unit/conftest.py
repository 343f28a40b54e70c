"""Small projects made on the spot, and masks to fill them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.store import Store


class MakeStore(Protocol):
    def __call__(
        self, items: int = 3, *, size: tuple[int, int] = (200, 150), valid: int = 1, task: Task = Task.SEGMENTATION
    ) -> Store: ...


@pytest.fixture
def make_store(tmp_path: Path) -> Iterator[MakeStore]:
    """Makes a project in tmp_path/project with pictures f0.png… in tmp_path/images, the last `valid` for validation.

    Classes: sky 0, road 1, void 2.
    """
    made: list[Store] = []

    def make(
        items: int = 3, *, size: tuple[int, int] = (200, 150), valid: int = 1, task: Task = Task.SEGMENTATION
    ) -> Store:
        images = tmp_path / "images"
        images.mkdir(exist_ok=True)
        for i in range(items):
            Image.new("RGB", size, (i, 2 * i, 3 * i)).save(images / f"f{i}.png")
        settings = ProjectSettings(
            name="small",
            task=task,
            classes=tuple(make_classes(["sky", "road", "void"])),
            keypoints=tuple(KeypointName(name=n, color="#ff0000") for n in ("left eye", "right eye", "nose")),
            image_roots=(str(images),),
        )
        store = Store.create(tmp_path / "project", settings)
        made.append(store)
        store.add_items(
            NewItem(
                name=f"f{i}.png",
                path=images / f"f{i}.png",
                split=Split.VALID if i >= items - valid else Split.TRAIN,
            )
            for i in range(items)
        )
        return store

    yield make
    for store in made:
        store.close()


@pytest.fixture
def striped() -> Callable[[int], np.ndarray]:
    """Masks of 200×150 with a sky, a road that begins at the given row, and a void corner."""

    def make(row: int) -> np.ndarray:
        mask = np.zeros((150, 200), np.uint8)
        mask[row:] = 1
        mask[:10, :10] = 2
        return mask

    return make
