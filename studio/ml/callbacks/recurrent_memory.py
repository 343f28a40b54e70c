"""Keeps in a checkpoint where a language model stood in its texts, so that a resumed one goes on as it would have."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner
from studio.ml.text.text_net import TextNet


class RecurrentMemory(Callback):
    """Does nothing for a network that remembers nothing from batch to batch. It keeps hold of the network after a
    stage, because a stop saves its checkpoint then."""

    order: ClassVar[int] = 30

    def __init__(self) -> None:
        self._network: nn.Module | None = None

    def before_stage(self, learner: Learner) -> None:
        self._network = learner.network

    def state(self) -> dict[str, Any]:
        """What the network remembers of the training texts; nothing after a validation, with which an epoch ends."""
        network = self._network
        if not isinstance(network, TextNet) or not network.training or network.states is None:
            return {}
        return {"states": [list(state) for state in network.states]}

    def load_state(self, state: dict[str, Any]) -> None:
        if isinstance(self._network, TextNet) and "states" in state:
            device = next(self._network.parameters()).device
            self._network.states = [(hidden.to(device), cell.to(device)) for hidden, cell in state["states"]]
