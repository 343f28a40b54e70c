"""What a learner's network answers to the pictures of a split, and figures of answers beside labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.settings import Task as TaskName
from studio.ml.data.transforms import normalised
from studio.ml.notebook.data_bunch import DataBunch
from studio.ml.notebook.drawing import Category, answered_places, drawn_output, drawn_target, picture_of
from studio.ml.notebook.figures import Figure, new_grid
from studio.ml.tasks.base import Task

if TYPE_CHECKING:
    from studio.ml.notebook.learner import Learner


@dataclass(frozen=True)
class Answered:
    """A batch in the split's order and its answer: `rows` index the split's items; `images` are normalised."""

    rows: list[int]
    images: Tensor
    target: Tensor
    output: Tensor


@dataclass(frozen=True)
class Example:
    """One picture (3, H, W), normalised, with its target and the network's output for it."""

    image: Tensor
    target: Tensor
    output: Tensor
    caption: str = ""


def answers(learner: Learner, split: Split) -> Iterator[Answered]:
    """Batch by batch, in order and as they are. Test pictures have targets that say nothing."""
    data = learner.data
    learner.begin()
    learner.model.eval()
    batches = _unlabelled(data) if split is Split.TEST else _labelled(data, split)
    for rows, images, target in batches:
        with torch.inference_mode(), learner.precision.forward():
            output = learner.model(images)
        yield Answered(rows, images, target, output.float())


def activated(task: Task, output: Tensor) -> Tensor:
    """Logits as probabilities; coordinates as they are."""
    kind = task.snapshot.task
    if kind is TaskName.KEYPOINTS:
        return answered_places(task, output)
    return output.sigmoid() if kind is TaskName.MULTI_LABEL else output.softmax(1)


def figure_of(learner: Learner, examples: Sequence[Example], *, figsize: Sequence[float] | None) -> Figure:
    """Masks and points: the label at the left, the answer at the right. Classes and tags: label / answer."""
    task = learner.task
    if task.snapshot.task is TaskName.TEXT:
        raise BadInput("Texts are no pictures to plot; read them with data.valid_ds and top_losses().")
    height, width = learner.data.size
    pairs = task.snapshot.task in (TaskName.SEGMENTATION, TaskName.KEYPOINTS)
    each = 2 if pairs else 1
    columns = 2 if pairs else max(1, min(3, len(examples)))
    figure, axes = new_grid(len(examples) * each, columns=columns, figsize=figsize)
    for place, example in enumerate(examples):
        label = drawn_target(task, example.target, height=height, width=width)
        answer = drawn_output(task, example.output, height=height, width=width)
        for ax, drawn in zip(axes[place * each : place * each + each], (label, answer), strict=False):
            ax.imshow(picture_of(example.image).pixels())
            drawn.draw(ax)
        words = [f"{label} / {answer}"] if isinstance(label, Category) else ["label | answer"]
        axes[place * each].set_title(" / ".join([*words, example.caption] if example.caption else words), fontsize=9)
    return figure


def _labelled(data: DataBunch, split: Split) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    for batch in data.batches(split, augment=False):
        yield batch.rows, batch.images, batch.target


def _unlabelled(data: DataBunch) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Raises UnreadableImage."""
    items = data.test_ds.items
    height, width = data.size
    empty = torch.from_numpy(data.task.empty_target(height=height, width=width))
    for start in range(0, len(items), data.batch_size):
        chunk = items[start : start + data.batch_size]
        pictures = np.stack([data.decoder.picture(Path(item.image)) for item in chunk])
        images = normalised(torch.from_numpy(pictures).permute(0, 3, 1, 2).to(data.device))
        yield list(range(start, start + len(chunk))), images, torch.stack([empty] * len(chunk))
