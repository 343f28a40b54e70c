"""What a step of training makes smaller: the task's loss, or one with smoothed labels and weighted classes.

Only training uses an objective. Validation, scores and the list of worst items keep to the task's own loss, so that
runs with different objectives can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.recipe import RunSpec

if TYPE_CHECKING:
    from studio.ml.tasks.base import Task


MOST_WEIGHT: Final = 10.0
"""Of a class, beside one of which there is as much as of all others on average."""


class Objective(Protocol):
    """A task is the objective of a run that asks for nothing else."""

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """A mean over what counts in the batch, in float32; 0 where nothing counts."""
        ...

    def counted(self, target: Tensor) -> float:
        """What the mean is divided by; over the parts of a batch it adds up to the batch's."""
        ...


@dataclass(frozen=True, kw_only=True)
class ClassObjective:
    """Cross entropy against labels of which `smoothing` is shared out among all classes evenly (Szegedy et al. 2016;
    PyTorch's `label_smoothing`, fastai's `LabelSmoothingCrossEntropy`). With `weights`, one for each
    class, it is the weighted mean of PyTorch's `cross_entropy`."""

    ignored: int
    smoothing: float = 0.0
    weights: Sequence[float] = ()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """`output` (N, C, …) logits; `target` (N, …) positions of classes, or of mixed pictures (N, C) shares of them,
        -1 in rows that do not count."""
        if target.is_floating_point():
            return self._loss_of_shares(output.float(), target)
        total = functional.cross_entropy(
            output.float(),
            target.long(),
            weight=_tensor(self.weights, output),
            ignore_index=self.ignored,
            label_smoothing=self.smoothing,
            reduction="sum",
        )
        return total / (self.counted(target) or 1)

    def counted(self, target: Tensor) -> float:
        if target.is_floating_point():
            return float((target.clamp(min=0) * self._weights(target)).sum())
        counts = target != self.ignored
        if not self.weights:
            return int(counts.sum())
        by_class = torch.bincount(target[counts].long(), minlength=len(self.weights)).tolist()
        return sum(number * weight for number, weight in zip(by_class, self.weights, strict=True))

    def _loss_of_shares(self, output: Tensor, shares: Tensor) -> Tensor:
        """The mean of what the classes cost that an item has a share of, each by its share: PyTorch's loss for shares,
        but divided as that for positions is, so that an unmixed batch costs the same."""
        wanted = shares.clamp(min=0)
        wanted = wanted * (1 - self.smoothing) + wanted.sum(1, keepdim=True) * self.smoothing / output.shape[1]
        total = -(wanted * self._weights(output) * output.log_softmax(1)).sum()
        return total / (self.counted(shares) or 1)

    def _weights(self, like: Tensor) -> Tensor:
        weights = _tensor(self.weights, like)
        return like.new_ones(()) if weights is None else weights


@dataclass(frozen=True, kw_only=True)
class TagObjective:
    """Binary cross entropy of each tag against yes and no that are `smoothing` / 2 away from certain. `weights` has
    what a yes of each tag weighs beside a no (PyTorch's `pos_weight`)."""

    ignored: float
    smoothing: float = 0.0
    weights: Sequence[float] = ()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """`output` (N, K) logits, `target` (N, K) of 0 and 1."""
        counts = target != self.ignored
        wanted = target.clamp(min=0) * (1 - self.smoothing) + self.smoothing / 2
        each = functional.binary_cross_entropy_with_logits(
            output.float(), wanted, pos_weight=_tensor(self.weights, output), reduction="none"
        )
        return (each * counts).sum() / (self.counted(target) or 1)

    def counted(self, target: Tensor) -> float:
        return int((target != self.ignored).sum())


def objective_of(spec: RunSpec, task: Task, weights: Sequence[float]) -> Objective:
    """What the recipe asks for, with the classes' weights that the run found: the task itself where that is nothing."""
    if not spec.label_smoothing and not weights and not spec.mixup:
        return task
    return task.objective(smoothing=spec.label_smoothing, weights=weights)


def balanced(counts: Sequence[float]) -> list[float]:
    """Weights that give each class that occurs the same say: total / (classes × count), at most `MOST_WEIGHT`, so that
    a few stray pixels cannot drown the rest. A class that never occurs weighs 1."""
    occurring = sum(count > 0 for count in counts)
    return [min(sum(counts) / (occurring * count), MOST_WEIGHT) if count > 0 else 1.0 for count in counts]


def balanced_yes(counts: Sequence[float], *, items: float) -> list[float]:
    """Weights of a yes that give a tag's yes and no the same say among `items`: the items without it for each with it,
    at most `MOST_WEIGHT` and at least its inverse. A tag that no item has weighs 1, and so does one that all have."""
    return [
        min(max((items - count) / count, 1 / MOST_WEIGHT), MOST_WEIGHT) if 0 < count < items else 1.0
        for count in counts
    ]


def _tensor(weights: Sequence[float], output: Tensor) -> Tensor | None:
    return torch.tensor(weights, dtype=torch.float32, device=output.device) if weights else None
