"""Single label: the one class of a picture → encoder and head → cross entropy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import MulticlassAccuracy

from studio.core.events import Metric
from studio.core.review import ItemScore
from studio.core.snapshot import SnapshotItem
from studio.core.tags import PredictedTags, Tags, ids_of
from studio.ml.objectives import ClassObjective, Objective, balanced
from studio.ml.sureness import sureness_of_choice
from studio.ml.tasks.base import Original, Prediction, TaskMetrics
from studio.ml.tasks.whole_items import TagsPrediction, WholeItems

IGNORED: Final = -100
"""The target of an item that neither loss nor metrics count."""


class SingleLabel(WholeItems):
    """A target is the position of the item's class among the counted ones, an int64 without dimensions."""

    least_classes = 2
    table = "label"

    def is_labelled(self, item: SnapshotItem) -> bool:
        ids = ids_of(item.tags)
        return len(ids) == 1 and ids[0] in self.position

    def cautions(self) -> list[str]:
        without = sum(item.tags is not None and not self.is_labelled(item) for item in self.snapshot.items)
        if not without:
            return []
        items = "1 item has" if without == 1 else f"{without:,} items have"
        return [f"{items} none, several or a void one of the classes; such a label is neither learnt nor counted."]

    def read_target(self, original: Original) -> NDArray[np.int64]:
        item = original.item
        return np.array(self.position[ids_of(item.tags)[0]] if self.is_labelled(item) else IGNORED, np.int64)

    def empty_target(self, *, height: int, width: int) -> NDArray[np.int64]:
        return np.array(IGNORED, np.int64)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        total = functional.cross_entropy(output.float(), target, ignore_index=IGNORED, reduction="sum")
        return total / max(self.counted(target), 1)

    def counted(self, target: Tensor) -> int:
        return int((target != IGNORED).sum())

    def objective(self, *, smoothing: float, weights: Sequence[float] = ()) -> Objective:
        return ClassObjective(ignored=IGNORED, smoothing=smoothing, weights=weights)

    def class_shares(self, target: Tensor) -> Tensor:
        counts = target != IGNORED
        shares = functional.one_hot(target.clamp(min=0), self.outputs).float()
        return torch.where(counts[:, None], shares, -1.0)

    def balanced_weights(self, counts: NDArray[np.float64], *, items: float) -> list[float]:
        return balanced(counts.tolist())

    def metrics(self) -> TaskMetrics:
        return SingleLabelMetrics(self.class_names)

    def answer(self, output: Tensor) -> PredictedTags:
        shares = self.ranked(output.float().cpu().softmax(0))
        return PredictedTags(tags=Tags((shares[0][0],)), shares=shares)

    def score(self, output: Tensor, prediction: Prediction, original: Original) -> ItemScore:
        """`loss`: the cross entropy; `error`: 1 where another class is more probable than the label's."""
        assert isinstance(prediction, TagsPrediction)
        item, answer = original.item, prediction.answer
        target = torch.from_numpy(self.read_target(original))
        counts = self.is_labelled(item)
        label, predicted = ids_of(item.tags)[:1], answer.tags.ids
        wrong = counts and label != predicted
        sure = sureness_of_choice(output.float().cpu().log_softmax(0).numpy())
        return ItemScore(
            item=item.id,
            name=item.name,
            split=item.split,
            revision=item.revision,
            loss=float(self.loss(output.cpu()[None], target[None])),
            error=float(wrong),
            tags=answer,
            label=item.tags,
            confusion=((label[0], predicted[0], 1),) if wrong else (),
            corrected=item.corrected,
            confidence=sure.confidence,
            margin=sure.margin,
            entropy=sure.entropy,
        )

    def uncertainty(self, looks: Sequence[Tensor]) -> float:
        """The entropy of the answer, in parts of the largest possible."""
        log_shares = looks[0].float().log_softmax(0)
        return float(-(log_shares.exp() * log_shares).sum() / math.log(len(log_shares)))


class SingleLabelMetrics:
    """Accuracy and error rate (torchmetrics) over the items that count."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` of the counted classes, in the order of the outputs."""
        self._names = names
        outputs = len(names)
        self._accuracy = MulticlassAccuracy(outputs, average="micro", ignore_index=IGNORED, validate_args=False)
        self._labels = torch.zeros(outputs, dtype=torch.long)
        self._answers = torch.zeros(outputs, dtype=torch.long)

    def update(self, output: Tensor, target: Tensor) -> None:
        predicted, label = output.argmax(1).cpu(), target.cpu()
        counts = label != IGNORED
        if counts.any():
            self._accuracy.update(predicted[counts], label[counts])
            self._labels += torch.bincount(label[counts], minlength=len(self._labels))
            self._answers += torch.bincount(predicted[counts], minlength=len(self._answers))

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        items = int(self._labels.sum())
        accuracy = float(self._accuracy.compute()) if items else 0.0
        constant = int(self._labels.max()) / items if items else 0.0
        where = f"{split}, {items} items, {len(self._labels)} classes, at {height}×{width}"
        return [
            Metric("accuracy", accuracy, 1, f"{where}; answering the commonest class alone: {constant:.3f}"),
            Metric("error rate", 1 - accuracy if items else 0.0, -1, where),
        ]

    def never_predicted(self) -> tuple[str, ...]:
        missed = (self._labels > 0) & (self._answers == 0)
        return tuple(name for name, is_missed in zip(self._names, missed.tolist(), strict=True) if is_missed)
