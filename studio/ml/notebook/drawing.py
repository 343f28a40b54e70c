"""Targets and outputs of a network as what they mean: classes, tags, masks, points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from studio.core.classes import UNLABELLED
from studio.core.settings import Task as TaskName
from studio.core.tags import TAG_THRESHOLD
from studio.ml.models.encoders import image_statistics
from studio.ml.notebook.figures import Axes
from studio.ml.notebook.labels import void_class
from studio.ml.notebook.pictures import Image, ImagePoints, ImageSegment
from studio.ml.tasks.base import Task
from studio.ml.tasks.keypoints import COUNTS, Keypoints, X, Y


@dataclass(frozen=True)
class Category:
    """One class, or several of them."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ";".join(self.names)

    def draw(self, ax: Axes) -> None:
        ax.set_title(str(self), fontsize=9)


Drawn = ImageSegment | ImagePoints | Category


def picture_of(pixels: Tensor) -> Image:
    """A normalised picture (3, H, W) of a batch as it looked before."""
    mean, deviation = image_statistics()
    return Image((pixels.float().cpu() * deviation[0] + mean[0]).clamp(0, 1))


def drawn_target(task: Task, target: Tensor, *, height: int, width: int) -> Drawn:
    """One item's target, as the network gets it."""
    snapshot = task.snapshot
    if snapshot.task is TaskName.SEGMENTATION:
        return ImageSegment(label_ids(task, target)[None], snapshot.classes)
    if snapshot.task is TaskName.KEYPOINTS:
        places = torch.where(target[:, [COUNTS]] > 0, target[:, [X, Y]], torch.nan)
        return _points(places, height=height, width=width)
    counted = _counted_names(task)
    if snapshot.task is TaskName.SINGLE_LABEL:
        index = int(target)
        return Category((counted[index],) if index >= 0 else ())
    return Category(tuple(name for name, there in zip(counted, target.tolist(), strict=True) if there > 0))


def drawn_output(task: Task, output: Tensor, *, height: int, width: int) -> Drawn:
    """One item's output: what is most probable; tags above a fifth."""
    snapshot = task.snapshot
    if snapshot.task is TaskName.SEGMENTATION:
        return ImageSegment(label_ids(task, output.argmax(0))[None], snapshot.classes)
    if snapshot.task is TaskName.KEYPOINTS:
        return _points(answered_places(task, output[None])[0], height=height, width=width)
    counted = _counted_names(task)
    if snapshot.task is TaskName.SINGLE_LABEL:
        return Category((counted[int(output.argmax())],))
    shares = output.float().sigmoid().tolist()
    return Category(tuple(name for name, share in zip(counted, shares, strict=True) if share > TAG_THRESHOLD))


def answered_places(task: Task, output: Tensor) -> Tensor:
    """(N, K, 2) coordinates in [-1, 1], whatever the network answers of keypoints."""
    return cast(Keypoints, task).places(output)


def counted_ids(task: Task) -> Tensor:
    """The class id of each output of the network."""
    return torch.tensor([c.id for c in task.snapshot.classes if not c.void], dtype=torch.long)


def label_ids(task: Task, positions: Tensor) -> Tensor:
    """Positions among the outputs → class ids, uint8; what does not count becomes the void class, if there is one."""
    void = void_class(task.snapshot.classes)
    table = torch.full((256,), UNLABELLED if void is None else void.id, dtype=torch.uint8)
    ids = counted_ids(task)
    table[: len(ids)] = ids.to(torch.uint8)
    return table[positions.cpu().long()]


def _counted_names(task: Task) -> list[str]:
    return [c.name for c in task.snapshot.classes if not c.void]


def _points(places: Tensor, *, height: int, width: int) -> ImagePoints:
    """From [-1, 1] to pixels."""
    return ImagePoints((places.cpu() + 1) / 2 * torch.tensor(np.array([width, height], np.float32)))
