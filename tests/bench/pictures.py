"""Photograph-like pictures and projects for the benchmarks, made with a seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from studio.core.classes import make_classes
from studio.core.items import NewItem
from studio.core.settings import ProjectSettings, Task
from studio.store import Store

SIZES = {"1920×1080": (1080, 1920), "3840×2160": (2160, 3840), "7680×4320": (4320, 7680)}


def photograph(path: Path, height: int, width: int, seed: int = 0) -> Path:
    """A JPEG of smooth blotches under noise, which compresses and decodes like a photograph."""
    random = np.random.default_rng(seed)
    blotches = random.integers(0, 255, (max(height // 16, 2), max(width // 16, 2), 3), dtype=np.uint8)
    picture = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    picture += random.integers(-20, 20, picture.shape, dtype=np.int16)
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return path


def project_of(images: list[Path], root: Path, *, task: Task = Task.SEGMENTATION) -> Path:
    """A project of unlabelled items with six classes over these images."""
    settings = ProjectSettings(
        name=root.name,
        task=task,
        classes=tuple(make_classes([f"class {i}" for i in range(6)])),
        image_roots=(str(images[0].parent),),
    )
    with Store.create(root, settings) as store:
        store.add_items([NewItem(name=image.name, path=image) for image in images])
    return root
