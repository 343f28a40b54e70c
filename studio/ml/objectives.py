"""What a step of training makes smaller: the task's loss, or one with smoothed labels.

Only training uses an objective. Validation, scores and the list of worst items keep to the task's own loss, so that
runs with different objectives can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from torch import Tensor
from torch.nn import functional

from studio.core.recipe import RunSpec

if TYPE_CHECKING:
    from studio.ml.tasks.base import Task


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
    PyTorch's `label_smoothing`, fastai's `LabelSmoothingCrossEntropy`)."""

    ignored: int
    smoothing: float = 0.0

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """`output` (N, C, …) logits, `target` (N, …) positions of classes."""
        total = functional.cross_entropy(
            output.float(),
            target.long(),
            ignore_index=self.ignored,
            label_smoothing=self.smoothing,
            reduction="sum",
        )
        return total / (self.counted(target) or 1)

    def counted(self, target: Tensor) -> float:
        return int((target != self.ignored).sum())


@dataclass(frozen=True, kw_only=True)
class TagObjective:
    """Binary cross entropy of each tag against yes and no that are `smoothing` / 2 away from certain."""

    ignored: float
    smoothing: float = 0.0

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """`output` (N, K) logits, `target` (N, K) of 0 and 1."""
        counts = target != self.ignored
        wanted = target.clamp(min=0) * (1 - self.smoothing) + self.smoothing / 2
        each = functional.binary_cross_entropy_with_logits(output.float(), wanted, reduction="none")
        return (each * counts).sum() / (self.counted(target) or 1)

    def counted(self, target: Tensor) -> float:
        return int((target != self.ignored).sum())


def objective_of(spec: RunSpec, task: Task) -> Objective:
    """What the recipe asks for: the task itself where that is nothing."""
    return task.objective(smoothing=spec.label_smoothing) if spec.label_smoothing else task
