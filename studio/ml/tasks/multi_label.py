"""Multi-label: any number of tags of a picture → encoder and head → binary cross entropy of each tag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import MeanMetric
from torchmetrics.classification import MultilabelAccuracy
from torchmetrics.functional.classification import binary_fbeta_score

from studio.core.events import Metric
from studio.core.items import Split
from studio.core.review import ItemScore
from studio.core.snapshot import SnapshotItem
from studio.core.tags import TAG_THRESHOLD, PredictedTags, Tags
from studio.core.thresholds import tag_differences
from studio.ml.models.classifier import Classifier
from studio.ml.models.encoders import ImageEncoder
from studio.ml.objectives import Objective, TagObjective, balanced_yes
from studio.ml.sureness import sureness_of_tags
from studio.ml.tasks.base import Original, Prediction, TaskMetrics
from studio.ml.tasks.whole_items import TagsPrediction, WholeItems

IGNORED: Final = -1.0
"""The target of every tag of an item that neither loss nor metrics count."""

BETA: Final = 2.0


class MultiLabel(WholeItems):
    """A target (K,) float32 has 1 for each counted class that the item has and 0 for the others."""

    threshold = TAG_THRESHOLD
    """A tag is predicted where its probability is above; the metrics stay with the usual one."""

    def make_network(self, encoder: ImageEncoder) -> nn.Module:
        return Classifier(encoder, self.outputs, start=self._constant_answer())

    def is_labelled(self, item: SnapshotItem) -> bool:
        return item.tags is not None

    def cautions(self) -> list[str]:
        return []

    def _constant_answer(self) -> list[float] | None:
        """The log odds of each tag among the training items, half an item added to either side; None without any.

        From there training has only to find what the pictures add: at 0 every tag, however rare, would be predicted
        until hundreds of steps have talked the network out of it (Lin et al. 2017, "Focal loss", section 3.3).
        """
        labels = [item.tags.ids for item in self.snapshot.of(Split.TRAIN) if item.tags is not None]
        if not labels:
            return None
        having = [sum(c.id in ids for ids in labels) for c in self.counted_classes]
        return [math.log((n + 0.5) / (len(labels) - n + 0.5)) for n in having]

    def read_target(self, original: Original) -> NDArray[np.float32]:
        if original.item.tags is None:
            return self.empty_target(height=0, width=0)
        target = np.zeros(self.outputs, np.float32)
        target[[self.position[i] for i in original.item.tags.ids if i in self.position]] = 1
        return target

    def empty_target(self, *, height: int, width: int) -> NDArray[np.float32]:
        return np.full(self.outputs, IGNORED, np.float32)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        counts = target != IGNORED
        each = functional.binary_cross_entropy_with_logits(output.float(), target.clamp(min=0), reduction="none")
        return (each * counts).sum() / max(int(counts.sum()), 1)

    def counted(self, target: Tensor) -> int:
        return int((target != IGNORED).sum())

    def objective(self, *, smoothing: float, weights: Sequence[float] = ()) -> Objective:
        return TagObjective(ignored=IGNORED, smoothing=smoothing, weights=weights)

    def class_shares(self, target: Tensor) -> Tensor:
        return target

    def balanced_weights(self, counts: NDArray[np.float64], *, items: float) -> list[float]:
        """What a yes weighs beside a no."""
        return balanced_yes(counts.tolist(), items=items)

    def metrics(self) -> TaskMetrics:
        return MultiLabelMetrics(self.class_names)

    def answer(self, output: Tensor) -> PredictedTags:
        shares = self.ranked(output.float().cpu().sigmoid())
        return PredictedTags(tags=Tags(), shares=shares).above(self.threshold)

    def score(self, output: Tensor, prediction: Prediction, original: Original) -> ItemScore:
        """`loss`: the mean over the tags; `error`: how many tags are missing or too many."""
        assert isinstance(prediction, TagsPrediction)
        item, answer = original.item, prediction.answer
        target = torch.from_numpy(self.read_target(original))
        differences = ()
        if item.tags is not None:
            differences = tag_differences(Tags.of(i for i in item.tags.ids if i in self.position), answer.tags)
        logits = output.float().cpu()
        sure = sureness_of_tags(functional.logsigmoid(logits).numpy(), functional.logsigmoid(-logits).numpy())
        return ItemScore(
            item=item.id,
            name=item.name,
            split=item.split,
            revision=item.revision,
            loss=float(self.loss(output.cpu()[None], target[None])),
            error=float(len(differences)),
            tags=answer,
            label=item.tags,
            confusion=differences,
            corrected=item.corrected,
            confidence=sure.confidence,
            margin=sure.margin,
            entropy=sure.entropy,
        )

    def uncertainty(self, looks: Sequence[Tensor]) -> float:
        """The mean entropy of a tag's yes or no, in parts of the largest possible."""
        logits = looks[0].float()
        yes = logits.sigmoid()
        bits = -(yes * functional.logsigmoid(logits) + (1 - yes) * functional.logsigmoid(-logits))
        return float(bits.mean() / math.log(2))


class MultiLabelMetrics:
    """F2 of each item, averaged over the items (Planet's measure; 0 for an item without any tag, predicted or not, as
    in fastai), and the share of all yes and no that are right, both at lesson 3's threshold (torchmetrics)."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` of the counted tags, in the order of the outputs."""
        self._names = names
        self._outputs = outputs = len(names)
        self._fbeta = MeanMetric()
        self._accuracy = MultilabelAccuracy(outputs, threshold=TAG_THRESHOLD, average="micro", validate_args=False)
        self._labels: list[Tensor] = []
        self._answers = torch.zeros(outputs, dtype=torch.long)

    def update(self, output: Tensor, target: Tensor) -> None:
        counts = target[:, 0].cpu() != IGNORED
        shares, label = output.float().cpu().sigmoid()[counts], target.cpu()[counts].int()
        if not len(label):
            return
        self._fbeta.update(fbeta_of_items(shares, label, threshold=TAG_THRESHOLD))
        self._accuracy.update(shares, label)
        self._labels.append(label)
        self._answers += (shares > TAG_THRESHOLD).sum(0)

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        labels = torch.cat(self._labels) if self._labels else torch.zeros(0, self._outputs, dtype=torch.int)
        where = f"{split}, {len(labels)} items, {self._outputs} tags, at {height}×{width}"
        if not len(labels):
            return [Metric(name, 0.0, 1, where) for name in (_FBETA_NAME, _ACCURACY_NAME)]
        constant = best_constant_fbeta(labels)
        return [
            Metric(
                _FBETA_NAME,
                float(self._fbeta.compute()),
                1,
                f"{where}; answering the commonest tags alone: {constant:.3f}",
            ),
            Metric(_ACCURACY_NAME, float(self._accuracy.compute()), 1, where),
        ]

    def never_predicted(self) -> tuple[str, ...]:
        if not self._labels:
            return ()
        missed = (torch.cat(self._labels).sum(0) > 0) & (self._answers == 0)
        return tuple(name for name, is_missed in zip(self._names, missed.tolist(), strict=True) if is_missed)


_FBETA_NAME: Final = f"F2 by sample at {TAG_THRESHOLD:g}"
_ACCURACY_NAME: Final = f"accuracy_thresh at {TAG_THRESHOLD:g}"


def fbeta_of_items(shares: Tensor, label: Tensor, *, threshold: float) -> Tensor:
    """(N, K) probabilities and 0/1 labels → (N,) F2 of each item over its tags."""
    return binary_fbeta_score(
        shares, label, beta=BETA, threshold=threshold, multidim_average="samplewise", validate_args=False
    )


def best_constant_fbeta(label: Tensor) -> float:
    """The best mean F2 that one answer for all items can have, among those of the k commonest tags."""
    order = label.sum(0).argsort(descending=True, stable=True)
    answers = (torch.zeros_like(label[0]).index_fill(0, order[: k + 1], 1) for k in range(len(order)))
    return max(float(fbeta_of_items(a.expand_as(label).float(), label, threshold=0.5).mean()) for a in answers)
