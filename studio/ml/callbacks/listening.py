"""Hears what a person asks between two batches: pause, stop, leave."""

from __future__ import annotations

from typing import ClassVar

from studio.core.events import Paused, Resumed
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.steering import Steering
from studio.ml.control import Commands
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner


class Listening(Callback):
    """Last in line, so that a stop finds the batch fully accounted for."""

    order: ClassVar[int] = 90

    def __init__(self, commands: Commands, steering: Steering, log: EventSink) -> None:
        self._commands = commands
        self._steering = steering
        self._log = log

    def after_batch(self, learner: Learner) -> None:
        self._commands.wait_while_paused(
            on_pause=lambda: self._log.emit(Paused()),
            on_continue=lambda: self._log.emit(Resumed()),
            on_change=lambda: self._steering.carry_out(learner),
        )
        self._commands.check()

    def after_valid_batch(self, learner: Learner) -> None:
        self._commands.check_leaving()
