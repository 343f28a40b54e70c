"""Carries out what a person changes while the run goes on: lower rates from here, one more epoch."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from studio.core.commands import LowerRate
from studio.core.events import EpochAdded, RateLowered, Warned
from studio.core.recipe import Stage
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.scheduling import Scheduling
from studio.ml.control import Commands
from studio.ml.event_log import RunLog
from studio.ml.learner import Learner


class Steering(Callback):
    """Each change is an event, and the events are all that is kept of it: a run that is resumed, or that goes back to
    an earlier checkpoint, still does what was asked.

    `stages` are those that the whole run holds, and grow here; `steps` are the batches of each.
    """

    order: ClassVar[int] = 70  # before the checkpoint that closes a stage, so that the stage may yet go on

    def __init__(
        self, commands: Commands, log: RunLog, scheduling: Scheduling, *, stages: list[Stage], steps: list[int]
    ) -> None:
        self._commands = commands
        self._log = log
        self._scheduling = scheduling
        self._stages = stages
        self._steps = steps

    def before_stage(self, learner: Learner) -> None:
        self.carry_out(learner)

    def after_batch(self, learner: Learner) -> None:
        self.carry_out(learner)

    def after_epoch(self, learner: Learner) -> None:
        self.carry_out(learner)

    def carry_out(self, learner: Learner) -> None:
        """Do all that was asked since the last time."""
        changes = self._commands.take_changes()
        for change in changes:
            if isinstance(change, LowerRate):
                self._lower_rate(learner, change.divisor)
            else:
                self._add_epoch(learner)
        if changes:
            self._log.sync()

    def tell_what_came_too_late(self) -> None:
        """When nothing is left to train."""
        if self._commands.take_changes():
            self._log.emit(Warned(sentence="The last batch was already trained, so nothing was changed any more."))

    def _lower_rate(self, learner: Learner, divisor: float) -> None:
        self._scheduling.asked_divisor *= divisor
        self._log.emit(RateLowered(step=learner.at.step, divisor=divisor, rate_divisor=self._scheduling.asked_divisor))

    def _add_epoch(self, learner: Learner) -> None:
        here = learner.at.stage
        learner.stage = self._stages[here] = with_epochs(self._stages[here], self._stages[here].epochs + 1)
        self._steps[here] = len(learner.data.train) * learner.stage.epochs
        self._log.emit(
            EpochAdded(
                step=learner.at.step,
                stage=here,
                epochs=learner.stage.epochs,
                total_epochs=sum(stage.epochs for stage in self._stages),
                total_steps=sum(self._steps),
            )
        )


def with_epochs(stage: Stage, epochs: int) -> Stage:
    return msgspec.structs.replace(stage, epochs=epochs)
