"""A run whose loss is no number any more goes back to its last good checkpoint and on with lower rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from studio.core.errors import Diverged
from studio.core.events import WentBack
from studio.ml.callbacks.checkpoints import Checkpoints
from studio.ml.callbacks.scheduling import RATE_DIVISOR, Scheduling
from studio.ml.checkpoint import STATE_FILE, CheckpointWriter, copied, read_state
from studio.ml.event_log import EventSink
from studio.ml.learner import Learner, Position

MOST_RETURNS: Final = 3
"""In a run; a 27th of its rate is left by then, and what still diverges has another cause."""


class GoingBack:
    """Make it before the first step. `first_weights` gives what the run began with, the random generators too."""

    def __init__(
        self,
        folder: Path,
        learner: Learner,
        *,
        scheduling: Scheduling,
        checkpoints: Checkpoints,
        writer: CheckpointWriter,
        first_weights: Callable[[], Mapping[str, Tensor]],
        log: EventSink,
    ) -> None:
        self._folder = folder
        self._learner = learner
        self._scheduling = scheduling
        self._checkpoints = checkpoints
        self._writer = writer
        self._first_weights = first_weights
        self._log = log
        self._first_states = copied({type(callback).__name__: callback.state() for callback in learner.callbacks})

    def go_back(self, error: Diverged) -> None:
        """Put network, callbacks and position back. Raises Diverged where it has been done often enough."""
        returns, step = self._scheduling.returns + 1, self._learner.at.step
        if returns > MOST_RETURNS:
            raise Diverged(f"{error.what}, also after going back {MOST_RETURNS} times to lower rates") from error
        self._writer.flush()
        state = read_state(self._folder) if (self._folder / STATE_FILE).exists() else self._beginning()
        state["callbacks"] = {**state["callbacks"], Scheduling.__name__: {"returns": returns}}
        self._learner.network.load_state_dict(state["model"])
        self._checkpoints.go_on_from(state, self._learner)
        self._log.emit(
            WentBack(
                sentence=_sentence(error, to=self._learner.at.step, returns=returns),
                step=step,
                to_step=self._learner.at.step,
                rate_divisor=RATE_DIVISOR**returns,
                returns=returns,
                most_returns=MOST_RETURNS,
            )
        )

    def _beginning(self) -> dict[str, Any]:
        return {"model": self._first_weights(), "callbacks": self._first_states, "position": vars(Position())}


def _sentence(error: Diverged, *, to: int, returns: int) -> str:
    place = f"the checkpoint after step {to:,}" if to else "its first weights"
    return (
        f"{error.what}; the run went back to {place} and goes on with every rate divided by "
        f"{RATE_DIVISOR**returns:g} (return {returns} of {MOST_RETURNS} at most)."
    )
