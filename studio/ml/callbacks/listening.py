"""Hears what a person asks between two batches: pause, stop, leave."""

from __future__ import annotations

from typing import ClassVar

from studio.core.events import Paused, Resumed
from studio.ml.callbacks.base import Callback
from studio.ml.control import Commands
from studio.ml.event_log import EventLog
from studio.ml.learner import Learner


class Listening(Callback):
    """Last in line, so that a stop finds the batch fully accounted for."""

    order: ClassVar[int] = 90

    def __init__(self, commands: Commands, log: EventLog) -> None:
        self._commands = commands
        self._log = log

    def after_batch(self, learner: Learner) -> None:
        self._commands.wait_while_paused(lambda: self._log.emit(Paused()), lambda: self._log.emit(Resumed()))
        self._commands.check()

    def after_valid_batch(self, learner: Learner) -> None:
        self._commands.check_leaving()
