"""Says what happens as events: stages, steps with the optimizer's real rates, epochs with their metrics."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from studio.core.events import EpochEnd, StageStarted, Step
from studio.core.recipe import Stage
from studio.ml.callbacks.base import Callback
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner
from studio.ml.memory_use import MemoryMeter
from studio.ml.schedule import momentum_of, rates_of
from studio.ml.smoothing import SmoothedLoss

SPEED_MEMORY: Final = 0.9
"""How much of the mean time of an image each step keeps."""


class Recorder(Callback):
    order: ClassVar[int] = 10

    def __init__(self, log: EventSink, stages: Sequence[Stage], steps_by_stage: Sequence[int]) -> None:
        self._log = log
        self._stages = stages
        self._steps_by_stage = list(steps_by_stage)
        self._smoothed = SmoothedLoss()
        self._memory = MemoryMeter()
        self._loss_sum = 0.0
        self._loss_images = 0
        self._seconds_per_image = 0.0
        self._validation_seconds = 0.0
        self._epoch_began = time.perf_counter()
        self._batch_began = time.perf_counter()

    def before_stage(self, learner: Learner) -> None:
        stage = learner.stage
        self._seconds_per_image = 0.0
        self._steps_by_stage[learner.at.stage] = len(learner.data.train) * stage.epochs
        self._log.emit(
            StageStarted(
                stage=learner.at.stage,
                epochs=stage.epochs,
                height=stage.height,
                width=stage.width,
                batch_size=stage.batch_size,
                frozen=stage.frozen,
                unfrozen=stage.unfrozen,
                language=stage.language,
            )
        )

    def before_epoch(self, learner: Learner) -> None:
        self._epoch_began = self._batch_began = time.perf_counter()
        if learner.at.batch == 0:
            self._loss_sum, self._loss_images = 0.0, 0

    def after_batch(self, learner: Learner) -> None:
        loss, images = float(learner.loss.detach()), len(learner.batch.rows)
        self._loss_sum += loss * images
        self._loss_images += images
        self._smoothed.add(loss)
        self._measure_speed(images)
        memory = self._memory.measure(learner.batch.images.device)
        self._log.emit(
            Step(
                step=learner.at.step,
                epoch=learner.at.epochs_done + 1,
                loss=loss,
                smoothed=self._smoothed.value,
                lrs=rates_of(learner.optimizer),
                momentum=momentum_of(learner.optimizer),
                images_per_second=1 / self._seconds_per_image,
                seconds_left=self._seconds_left(learner),
                gradient_norm=learner.gradient_norm,
                memory=memory.most,
                memory_reserved=memory.reserved,
            )
        )

    def after_validate(self, learner: Learner) -> None:
        self._validation_seconds = time.perf_counter() - self._batch_began

    def after_epoch(self, learner: Learner) -> None:
        self.report_epoch(learner, epoch=learner.at.epochs_done)

    def report_epoch(self, learner: Learner, *, epoch: int) -> None:
        """Say how the epoch went so far; after a stop in its middle this is what was kept."""
        self._log.emit(
            EpochEnd(
                epoch=epoch,
                step=learner.at.step,
                train_loss=self._loss_sum / max(self._loss_images, 1),
                valid_loss=learner.validation.loss,
                metrics=learner.validation.metrics,
                never_predicted=learner.validation.never_predicted,
                seconds=time.perf_counter() - self._epoch_began,
            )
        )

    def state(self) -> dict[str, Any]:
        return {"loss_sum": self._loss_sum, "loss_images": self._loss_images, "smoothed": self._smoothed.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        self._loss_sum, self._loss_images = state["loss_sum"], state["loss_images"]
        self._smoothed.load_state(state["smoothed"])

    def _measure_speed(self, images: int) -> None:
        now = time.perf_counter()
        seconds = max((now - self._batch_began) / images, 1e-9)
        self._batch_began = now
        known = self._seconds_per_image
        self._seconds_per_image = known * SPEED_MEMORY + seconds * (1 - SPEED_MEMORY) if known else seconds

    def _seconds_left(self, learner: Learner) -> float:
        """The rest of this stage at its measured speed, later stages by their pixels."""
        here, at = learner.stage, learner.at
        pixel = self._seconds_per_image / (here.height * here.width)
        steps_here = (here.epochs - at.epoch) * len(learner.data.train) - at.batch
        seconds = steps_here * here.batch_size * self._seconds_per_image
        seconds += (here.epochs - at.epoch) * self._validation_seconds
        for stage, steps in list(zip(self._stages, self._steps_by_stage, strict=True))[at.stage + 1 :]:
            growth = stage.height * stage.width / (here.height * here.width)
            seconds += steps * stage.batch_size * stage.height * stage.width * pixel
            seconds += stage.epochs * self._validation_seconds * growth
        return max(seconds, 0.0)
