"""The training loop. It knows batches, epochs and positions; everything else is a callback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from studio.core.events import Metric
from studio.core.recipe import OnMemory, Stage
from studio.ml.accumulation import accumulate_fitting
from studio.ml.callbacks.base import Callback
from studio.ml.compiling import CompiledForward
from studio.ml.data.batches import Batch
from studio.ml.data.stage_data import StageData
from studio.ml.device import MixedPrecision
from studio.ml.objectives import Objective
from studio.ml.tasks.base import Task


@dataclass
class Position:
    """How far a run has come: `epoch` and `batch` count what is done within the stage and within the epoch, `step` and
    `epochs_done` over the whole run."""

    stage: int = 0
    epoch: int = 0
    batch: int = 0
    step: int = 0
    epochs_done: int = 0


@dataclass(frozen=True)
class Validation:
    loss: float
    metrics: list[Metric]
    never_predicted: tuple[str, ...] = ()
    """Names of classes that occur in the labels and in no prediction."""


@dataclass
class Learner:
    """Trains one network through the stages of a recipe. Callbacks run in their `order`, cleanup in the reverse."""

    network: nn.Module
    task: Task
    precision: MixedPrecision
    callbacks: Sequence[Callback]
    objective: Objective | None = None
    """What the steps make smaller; None is the task's loss, which validation measures in either case."""

    averaged: nn.Module | None = None
    """The network with the mean of its weights over the steps, where the run keeps one."""

    compiled: CompiledForward | None = None
    """Computes the steps in the place of `network`, where the run compiles it."""

    at: Position = field(default_factory=Position)
    parts: int = 1
    """In how many parts a batch's gradients are computed."""

    on_memory: OnMemory = OnMemory.PARTS
    """What is done with a batch that does not fit into memory."""

    clipped_norm: Tensor | None = None
    """The length of the batch's gradients before they were clipped, where they are."""

    gradient_norm: float | None = None
    """The length of the batch's gradients, where it was measured."""

    is_enough: bool = False
    """Set by a callback to end the stage with the epoch."""

    stage: Stage = field(init=False)
    data: StageData = field(init=False)
    optimizer: Optimizer = field(init=False)
    batch: Batch = field(init=False)
    output: Tensor = field(init=False)
    loss: Tensor = field(init=False)
    validation: Validation = field(init=False)

    def __post_init__(self) -> None:
        self.callbacks = sorted(self.callbacks, key=lambda callback: callback.order)

    @property
    def answering(self) -> nn.Module:
        """The network that validation, samples, scores and the model file are of."""
        return self.network if self.averaged is None else self.averaged

    def call(self, hook: str, *, backwards: bool = False) -> None:
        for callback in reversed(self.callbacks) if backwards else self.callbacks:
            getattr(callback, hook)(self)

    def fit(self, stage: Stage, data: StageData, optimizer: Optimizer) -> None:
        """Train from the present position to the end of `stage`, which a callback may make longer."""
        self.stage, self.data, self.optimizer, self.is_enough = stage, data, optimizer, False
        if self.compiled is not None:
            self.compiled.begin_stage()
        try:
            self.call("before_stage")
            while self.at.epoch < self.stage.epochs and not self.is_enough:
                self.one_epoch()
            self.call("after_stage")
        finally:
            self.call("cleanup", backwards=True)

    def one_epoch(self) -> None:
        self.call("before_epoch")
        for batch in self.data.train.epoch(self.at.epoch, first=self.at.batch):
            self.one_batch(batch)
        self.optimizer.zero_grad(set_to_none=True)  # nobody needs the gradients in memory beside a checkpoint's copy
        self.validate()
        self.at.epoch, self.at.batch, self.at.epochs_done = self.at.epoch + 1, 0, self.at.epochs_done + 1
        self.call("after_epoch")

    def one_batch(self, batch: Batch) -> None:
        self.network.train()
        self.batch = batch
        self.call("before_batch")
        try:
            self.output, self.loss = self._gradients(batch)
        except Exception as error:
            if self.compiled is None or not self.compiled.recovers_from(error):
                raise
            self.output, self.loss = self._gradients(batch)
        self.call("after_loss")
        self.precision.apply(self.optimizer)
        self.at.batch, self.at.step = self.at.batch + 1, self.at.step + 1
        self.call("after_batch")

    def _gradients(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return accumulate_fitting(
            self.compiled or self.network,
            self.objective or self.task,
            self.precision,
            self.optimizer,
            batch,
            parts=self.parts,
            choice=self.on_memory,
            divided=self._note_parts,
            lowered=lambda: self.call("after_out_of_memory"),
        )

    def _note_parts(self, parts: int) -> None:
        self.parts = parts
        self.call("after_out_of_memory")

    def validate(self) -> None:
        """Loss and metrics over the whole validation split; draws nothing and changes nothing that is learnt."""
        self.validation = self._measured(lambda learner: learner.call("after_valid_batch"))
        self.call("after_validate")

    def measure(self, after_batch: Callable[[Learner], None]) -> Validation:
        """What `validate` would find, without telling the callbacks; `after_batch` alone is called after each batch."""
        return self._measured(after_batch)

    @torch.inference_mode()
    def _measured(self, after_batch: Callable[[Learner], None]) -> Validation:
        self.network.eval()
        self.answering.eval()
        metrics, total, counted = self.task.metrics(), 0.0, 0
        for batch in self.data.valid.epoch(0):
            self.batch = batch
            with self.precision.forward():
                self.output = self.answering(batch.images)
            number = self.task.counted(batch.target)
            total += float(self.task.loss(self.output, batch.target)) * number
            counted += number
            metrics.update(self.output, batch.target)
            after_batch(self)
        valid = self.data.valid
        computed = metrics.compute(split="valid", height=valid.height, width=valid.width)
        return Validation(total / max(counted, 1), computed, metrics.never_predicted())
