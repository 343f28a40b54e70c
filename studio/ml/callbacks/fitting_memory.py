"""Says when a batch is computed in parts because it did not fit into memory, and remembers it over a resume."""

from __future__ import annotations

from typing import Any, ClassVar

from studio.core.events import Concern, Warned
from studio.core.recipe import Stage
from studio.ml.callbacks.base import Callback
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner


class FittingMemory(Callback):
    """Every stage begins with batches in as many parts as the recipe says, mostly one: the next stage may have smaller
    images or a frozen encoder."""

    order: ClassVar[int] = 5

    def __init__(self, log: EventSink, parts: int = 1) -> None:
        self._log = log
        self._first_parts = self._parts = parts

    def before_stage(self, learner: Learner) -> None:
        self._parts = self._first_parts

    def before_epoch(self, learner: Learner) -> None:
        learner.parts = self._parts

    def after_out_of_memory(self, learner: Learner) -> None:
        self._parts = learner.parts
        sentence = divided_sentence(learner.stage, step=learner.at.step + 1, parts=self._parts)
        self._log.emit(Warned(sentence=sentence, about=Concern.MEMORY))

    def state(self) -> dict[str, Any]:
        return {"parts": self._parts}

    def load_state(self, state: dict[str, Any]) -> None:
        self._parts = state["parts"]


def divided_sentence(stage: Stage, *, step: int, parts: int) -> str:
    return (
        f"A batch of {stage.batch_size} {stage.size_in_words} did not fit into memory; from step {step} on it is "
        f"computed in {parts} parts whose gradients are added up, so the recipe's batch size and rates still hold."
    )
