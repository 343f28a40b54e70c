"""A task with a loss and metrics that the caller of a notebook brings, in fastai's form: functions of outputs and
targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor

from studio.core.events import Metric
from studio.core.settings import Task as TaskName
from studio.ml.notebook.drawing import answered_places, counted_ids, label_ids
from studio.ml.tasks.base import Task, TaskMetrics
from studio.ml.tasks.keypoints import COUNTS, X, Y

LossFunction = Callable[[Tensor, Tensor], Tensor]
MetricFunction = Callable[[Tensor, Tensor], Any]


class OwnMeasures:
    """The data's task, but for the loss and the metrics where the caller brings some."""

    def __init__(self, task: Task, loss_func: LossFunction | None, metrics: Sequence[MetricFunction]) -> None:
        self._task = task
        self._loss_func = loss_func
        self._metrics = metrics

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        if self._loss_func is None:
            return self._task.loss(output, target)
        counted, label = what_counts(self._task, output, target)
        return self._loss_func(counted, label) if len(label) else output.sum() * 0

    def metrics(self) -> TaskMetrics:
        return MetricFunctions(self._task, self._metrics) if self._metrics else self._task.metrics()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)


def with_own_measures(task: Task, loss_func: LossFunction | None, metrics: Sequence[MetricFunction]) -> Task:
    return cast(Task, OwnMeasures(task, loss_func, metrics))


class MetricFunctions:
    """Each function's mean over the batches, a batch weighing as many items as it has, as in fastai."""

    def __init__(self, task: Task, functions: Sequence[MetricFunction]) -> None:
        self._task = task
        self._functions = functions
        self._sums = [0.0] * len(functions)
        self._items = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        seen, label = as_in_the_lesson(self._task, output, target)
        self._items += len(output)
        for i, function in enumerate(self._functions):
            self._sums[i] += float(function(seen, label)) * len(output)

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        where = f"{split}, mean over the batches of {self._items} items, at {height}×{width}"
        return [
            Metric(name_of(function), total / max(self._items, 1), 1, where)
            for function, total in zip(self._functions, self._sums, strict=True)
        ]

    def never_predicted(self) -> tuple[str, ...]:
        return ()


def name_of(function: MetricFunction) -> str:
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def what_counts(task: Task, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """What a loss function gets: outputs and labels of the pixels, points or items that somebody has labelled.

    Masks: (P, C) logits and (P,) positions of classes. Points: (P, 2) twice, in [-1, 1]. Classes: (N, C) and (N,).
    Tags: (N, C) and (N, C) of 0 and 1. Pictures that MixUp mixed: (N, C) and (N, C) shares of classes.
    """
    kind = task.snapshot.task
    if kind is TaskName.SEGMENTATION:
        logits = output.float().movedim(1, -1)
        counts = target < logits.shape[-1]
        return logits[counts], target[counts].long()
    if kind is TaskName.KEYPOINTS:
        counts = target[..., COUNTS] > 0
        return answered_places(task, output)[counts], target[..., [X, Y]][counts]
    by_class = kind is TaskName.MULTI_LABEL or target.is_floating_point()
    counts = (target >= 0).all(-1) if by_class else target >= 0
    return output.float()[counts], target[counts]


def as_in_the_lesson(task: Task, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """What a metric function gets: outputs and labels in the form that they have in fastai.

    Masks: (N, C, H, W) logits by class id (-inf for void, which the network never answers) and (N, 1, H, W) class ids,
    where void and what nobody labelled is void. Everything else as `what_counts` has it.
    """
    if task.snapshot.task is not TaskName.SEGMENTATION:
        return what_counts(task, output, target)
    ids = counted_ids(task).to(output.device)
    count = 1 + max(label_class.id for label_class in task.snapshot.classes)
    by_id = torch.full((len(output), count, *output.shape[2:]), -torch.inf, device=output.device)
    by_id[:, ids] = output.float()
    return by_id, label_ids(task, target).to(output.device).long()[:, None]
