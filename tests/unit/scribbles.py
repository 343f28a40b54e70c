"""Drawn scenes to scribble on: a textured square on a gradient, its true mask, and a few strokes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from studio.core.classes import UNLABELLED, make_classes
from studio.core.masks import write_mask
from studio.core.proposals import JOB_FILE, ProposalJob, Stroked, Wanted, encode_job
from studio.core.settings import Task

CLASSES = tuple(make_classes(["ground", "square", "void"]))


def scene(seed: int = 0, *, width: int = 200, height: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Picture (H, W, 3) and true mask (H, W): 1 inside of the square, 0 around it."""
    random = np.random.default_rng(seed)
    side = height // 2
    left, top = int(random.integers(4, width - side - 4)), int(random.integers(4, height - side - 4))
    mask = np.zeros((height, width), np.uint8)
    mask[top : top + side, left : left + side] = 1
    picture = np.where(mask[..., None] == 1, (190, 120, 60), (70, 110, 150)) + random.integers(
        -30, 30, (height, width, 3)
    )
    return picture.clip(0, 255).astype(np.uint8), mask


def strokes(mask: np.ndarray) -> np.ndarray:
    """One short stroke inside of the square and one in a corner outside of it."""
    label = np.full(mask.shape, UNLABELLED, np.uint8)
    rows, columns = np.nonzero(mask == 1)
    y, x = int(rows.mean()), int(columns.mean())
    label[y - 1 : y + 2, x - 8 : x + 9] = 1
    for top, left in ((3, 3), (-6, -18)):
        rect = slice(top, top + 3), slice(left, left + 12)
        label[rect][mask[rect] == 0] = 0
    return label


def right(proposed: np.ndarray, mask: np.ndarray) -> float:
    """The share of pixels that are right."""
    return float((proposed == mask).mean())


def make_job(folder: Path, *, wanted: int = 2, cache: bool = False) -> ProposalJob:
    """A job whose strokes are on the first of `wanted` drawn pictures."""
    folder.mkdir()
    images = []
    for number in range(wanted):
        picture, mask = scene(number)
        image = folder / f"{number}-picture.png"
        Image.fromarray(picture).save(image)
        images.append(image)
        if number == 0:
            write_mask(folder / "strokes-0.png", strokes(mask), CLASSES)
    job = ProposalJob(
        task=Task.SEGMENTATION,
        wanted=tuple(
            Wanted(item=n, image=str(image), mask=str(folder / f"out/{n}.png")) for n, image in enumerate(images)
        ),
        strokes=(Stroked(item=0, image=str(images[0]), mask="strokes-0.png"),),
        classes=CLASSES,
        cache=str(folder / "cache") if cache else "",
    )
    (folder / JOB_FILE).write_bytes(encode_job(job))
    return job
