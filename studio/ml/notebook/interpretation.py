"""What a trained network gets wrong on the validation set: its worst items, and what it takes for what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix, multilabel_confusion_matrix

from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.settings import Task as TaskName
from studio.core.snapshot import SnapshotItem
from studio.core.tags import TAG_THRESHOLD
from studio.ml.notebook.data_bunch import DataBunch, DatasetType
from studio.ml.notebook.figures import Figure, new_figure
from studio.ml.notebook.learner import Learner
from studio.ml.notebook.outputs import Example, answers, figure_of
from studio.ml.notebook.own_measures import what_counts
from studio.ml.tasks.base import Task


class Interpretation:
    """Outputs, losses and confusion of one split. Outputs of masks are not kept: they are worked out again where they
    are shown."""

    def __init__(self, learner: Learner, split: Split) -> None:
        self._learner = learner
        self._data: DataBunch = learner.data
        self._split = split
        task = learner.task
        rows: list[int] = []
        losses: list[float] = []
        confusion: NDArray[np.int64] | None = None
        for batch in answers(learner, split):
            rows += batch.rows
            for i in range(len(batch.rows)):
                losses.append(float(task.loss(batch.output[i : i + 1], batch.target[i : i + 1])))
            found = _confusion(task, batch.output, batch.target)
            confusion = found if confusion is None or found is None else confusion + found
        self._confusion = confusion
        self._rows = np.array(rows)
        self._losses = torch.tensor(losses)

    @classmethod
    def from_learner(cls, learner: Learner, ds_type: DatasetType = DatasetType.Valid) -> Interpretation:
        return cls(learner, ds_type.value)

    @property
    def items(self) -> list[SnapshotItem]:
        """What the indices of `top_losses` count."""
        return self._data.images_of(self._split).items

    def top_losses(self, k: int | None = None, largest: bool = True) -> tuple[Tensor, Tensor]:
        """The `k` largest losses (of all items by default), and whose they are."""
        found = self._losses.topk(len(self._losses) if k is None else min(k, len(self._losses)), largest=largest)
        return found.values, torch.from_numpy(self._rows)[found.indices]

    def confusion_matrix(self) -> NDArray[np.int64]:
        """(C, C) counts of items, or of pixels of masks, by (label, answer), in the order of `data.classes` without
        void; of tags (C, 2, 2), one matrix a tag. Raises BadInput for points, which have no classes."""
        if self._confusion is None:
            raise BadInput("Points have no classes that could be confused; look at top_losses().")
        return self._confusion

    def most_confused(self, min_val: int = 1) -> list[tuple[str, str, int]]:
        """(label, answer, count) where they differ at least so often, most frequent first."""
        matrix = self.confusion_matrix()
        if matrix.ndim == 3:
            raise BadInput("Tags are not taken for one another; look at each tag's own matrix.")
        names = self._names()
        pairs = [
            (names[i], names[j], int(matrix[i, j]))
            for i, j in np.argwhere(matrix >= max(min_val, 1)).tolist()
            if i != j
        ]
        return sorted(pairs, key=lambda pair: -pair[2])

    def plot_confusion_matrix(self, figsize: Sequence[float] | None = None, normalize: bool = False) -> Figure:
        matrix = self.confusion_matrix()
        if matrix.ndim == 3:
            raise BadInput("Tags are not taken for one another; look at each tag's own matrix.")
        shown = matrix / matrix.sum(1, keepdims=True).clip(1) if normalize else matrix
        names = self._names()
        figure, [[ax]] = new_figure(figsize=figsize or (2 + len(names) / 2, 2 + len(names) / 2))
        ax.imshow(shown, cmap="Blues")
        ax.set_xticks(range(len(names)), names, rotation=90)
        ax.set_yticks(range(len(names)), names)
        ax.set_xlabel("Predicted")
        ax.set_ylabel("Actual")
        if len(names) <= 20:
            for (i, j), value in np.ndenumerate(shown):
                dark = value > shown.max() / 2
                ax.text(
                    j,
                    i,
                    f"{value:.2f}" if normalize else f"{value:,}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if dark else "black",
                )
        return figure

    def plot_top_losses(self, k: int = 9, figsize: Sequence[float] | None = None) -> Figure:
        """The worst items: label, answer and loss."""
        losses, wanted = self.top_losses(k)
        order = {int(row): place for place, row in enumerate(wanted)}
        examples: dict[int, Example] = {}
        for batch in answers(self._learner, self._split):
            for i, row in enumerate(batch.rows):
                if row in order:
                    caption = f"loss {float(losses[order[row]]):.2f}"
                    examples[order[row]] = Example(batch.images[i], batch.target[i], batch.output[i], caption)
        return figure_of(self._learner, [examples[place] for place in sorted(examples)], figsize=figsize)

    def _names(self) -> list[str]:
        return [label_class.name for label_class in self._data.snapshot.classes if not label_class.void]


def _confusion(task: Task, output: Tensor, target: Tensor) -> NDArray[np.int64] | None:
    kind = task.snapshot.task
    if kind is TaskName.KEYPOINTS:
        return None
    counted, label = what_counts(task, output, target)
    if kind is TaskName.MULTI_LABEL:
        matrix = multilabel_confusion_matrix(
            counted.sigmoid(), label.int(), num_labels=counted.shape[1], threshold=TAG_THRESHOLD
        )
    else:
        matrix = multiclass_confusion_matrix(counted.argmax(1), label, num_classes=output.shape[1])
    return matrix.cpu().numpy().astype(np.int64)
