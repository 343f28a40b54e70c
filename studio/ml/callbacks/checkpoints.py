"""Keeps the run's state on disk, after each epoch and every few minutes, and puts it back when a run resumes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Final

from torch import Tensor

from studio.core.errors import BadInput, Diverged
from studio.core.recipe import Stage
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.weight_averaging import WeightAveraging
from studio.ml.checkpoint import CheckpointWriter, Snapshotted, copied, is_finite
from studio.ml.learner import Learner, Position
from studio.ml.random_state import random_state, restore_random_state

SECONDS_BETWEEN: Final = 300.0
"""At most this much work is lost in an epoch that takes hours."""


class Checkpoints(Callback):
    """Last but the listener, so that a checkpoint has what all others did in the same step."""

    order: ClassVar[int] = 80

    def __init__(self, writer: CheckpointWriter, *, metadata: dict[str, str], stages: Sequence[Stage]) -> None:
        self._writer = writer
        self._metadata = metadata
        self._stages = stages
        self._resume: dict[str, Any] | None = None
        self._last_save = time.monotonic()

    def go_on_from(self, state: dict[str, Any], learner: Learner) -> None:
        """Move the learner to the state's position, and at the end of a stage to the beginning of the next. What the
        callbacks knew comes back now, and within a stage again when it begins, with the optimizer and the rest."""
        at = learner.at = Position(**state["position"])
        _load_callbacks(learner, state)
        if "random" in state:
            restore_random_state(state["random"])
        within = at.epoch > 0 or at.batch > 0
        if within and at.epoch >= self._stages[at.stage].epochs:
            at.stage, at.epoch, at.batch, within = at.stage + 1, 0, 0, False
        self._resume = state if within else None

    def before_stage(self, learner: Learner) -> None:
        if self._resume is not None:
            self._restore(learner, self._resume)
            self._resume = None

    def after_batch(self, learner: Learner) -> None:
        if time.monotonic() - self._last_save >= SECONDS_BETWEEN:
            self.save(learner)

    def after_epoch(self, learner: Learner) -> None:
        self.save(learner)

    def save(self, learner: Learner, *, wait: bool = False) -> None:
        """Take the state by value; write it on the writer's thread. `wait` returns when it is on the disk.

        Raises Diverged where a weight is no number, and the checkpoint before stays.
        """
        size = {"height": str(learner.stage.height), "width": str(learner.stage.width)}
        state = copied(_state_of(learner), self._writer.take_spare())
        model = _answering(state)
        if not (is_finite(state["model"]) and (model is state["model"] or is_finite(model))):
            raise Diverged(f"Some weights are no numbers after step {learner.at.step}")
        checkpoint = Snapshotted(state, model, {**self._metadata, **size}, learner.at.step, learner.at.epochs_done)
        self._writer.submit(checkpoint)
        self._last_save = time.monotonic()
        if wait:
            self._writer.flush()

    def _restore(self, learner: Learner, state: dict[str, Any]) -> None:
        items = [item.id for item in learner.data.train.images.items]
        if items != state["train_items"]:
            raise BadInput(
                f"{len(items)} training pictures can be read, and {len(state['train_items'])} could when the "
                "checkpoint was made; put the files back to resume, or start a new run."
            )
        _load_callbacks(learner, state)
        learner.optimizer.load_state_dict(state["optimizer"])
        if learner.precision.scaler is not None and state["scaler"] is not None:
            learner.precision.scaler.load_state_dict(state["scaler"])
        restore_random_state(state["random"])


def _load_callbacks(learner: Learner, state: dict[str, Any]) -> None:
    for callback in learner.callbacks:
        kept = state["callbacks"].get(type(callback).__name__)
        if kept is not None:
            callback.load_state(kept)


def _answering(state: Mapping[str, Any]) -> Mapping[str, Tensor]:
    """The weights that the model file gets: the averaged ones where the run keeps an average."""
    averaging = state["callbacks"].get(WeightAveraging.__name__)
    return state["model"] if averaging is None else averaging["weights"]


def _state_of(learner: Learner) -> dict[str, Any]:
    scaler = learner.precision.scaler
    return {
        "model": learner.network.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
        "scaler": scaler.state_dict() if scaler is not None else None,
        "callbacks": {type(callback).__name__: callback.state() for callback in learner.callbacks},
        "random": random_state(),
        "position": asdict(learner.at),
        "train_items": [item.id for item in learner.data.train.images.items],
    }
