"""Says what is done about batches that do not fit into memory, and remembers it over a resume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from studio.core.events import Concern, Warned
from studio.core.recipe import Precision, Stage
from studio.ml.callbacks.base import Callback
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner


class FittingMemory(Callback):
    """Every stage begins with batches in as many parts as the recipe says, mostly one: the next stage may have smaller
    images or a frozen encoder. A precision that was lowered stays so."""

    order: ClassVar[int] = 5

    def __init__(self, log: EventSink, parts: int = 1) -> None:
        self._log = log
        self._first_parts = self._parts = parts
        self._known: Precision | None = None
        self._lowered: Precision | None = None

    def before_stage(self, learner: Learner) -> None:
        self._parts = self._first_parts
        self._known = learner.precision.precision

    def before_epoch(self, learner: Learner) -> None:
        learner.parts = self._parts

    def after_out_of_memory(self, learner: Learner) -> None:
        step, now = learner.at.step + 1, learner.precision.precision
        if now is not self._known:
            self._known = self._lowered = now
            sentence = lowered_sentence(learner.stage, step=step, precision=now)
        else:
            self._parts = learner.parts
            sentence = divided_sentence(learner.stage, step=step, parts=self._parts)
        self._log.emit(Warned(sentence=sentence, about=Concern.MEMORY))

    def state(self) -> dict[str, Any]:
        return {"parts": self._parts, "precision": self._lowered.value if self._lowered else None}

    def load_state(self, state: dict[str, Any]) -> None:
        self._parts = state["parts"]
        self._lowered = lowered_precision(state) or self._lowered


def lowered_precision(state: Mapping[str, Any]) -> Precision | None:
    """The one that a run went on in, by what its checkpoint keeps of `FittingMemory`."""
    kept = state.get("precision")
    return Precision(kept) if kept else None


def divided_sentence(stage: Stage, *, step: int, parts: int) -> str:
    return (
        f"{_did_not_fit(stage)}; from step {step} on it is computed in {parts} parts whose gradients are added up, so "
        "the recipe's batch size and rates still hold."
    )


def lowered_sentence(stage: Stage, *, step: int, precision: Precision) -> str:
    return (
        f"{_did_not_fit(stage)}; from step {step} on the run computes in {precision}, which needs about half as much; "
        "its weights stay float32."
    )


def _did_not_fit(stage: Stage) -> str:
    return f"A batch of {stage.batch_size} {stage.size_in_words} did not fit into memory"
