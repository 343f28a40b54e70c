"""The network's forward pass through PyTorch's compiler, where a recipe asks for that and for as long as it works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

from studio.ml.device import is_out_of_memory

BACKEND: Final[str | Callable[..., object]] = "inductor"

LONGEST_REASON: Final = 160
"""Characters of what the compiler said that a sentence repeats."""


class CompiledForward:
    """What training calls in the place of `network`, whose weights and names stay its own: checkpoints and the model
    file know nothing of it, and validation, scores and exports call the network itself.

    `warn` gets one sentence when the compiler fails; from then on the network runs as it is.
    """

    def __init__(self, network: nn.Module, *, warn: Callable[[str], None]) -> None:
        self._network = network
        self._warn = warn
        self._forward: Callable[[Tensor], Tensor] = network
        self._works = True

    def begin_stage(self) -> None:
        """Compile anew: a program is for one size of batches and one choice of layers that learn. `dynamic` is off, so
        that each size has its own whatever came before it, and a resumed run computes with the same."""
        if not self._works:
            return
        try:
            torch.compiler.reset()
            self._forward = torch.compile(self._network, backend=BACKEND, dynamic=False)
        except Exception as error:  # noqa: BLE001 - on a system without support PyTorch raises what it likes
            self._give_up(error)

    def __call__(self, images: Tensor) -> Tensor:
        return self._forward(images)

    def recovers_from(self, error: Exception) -> bool:
        """Whether the batch shall be tried again without the compiler, from which the error may be. Compiling happens
        within the first forward or backward pass of a size."""
        if not self._works or is_out_of_memory(error):
            return False
        self._give_up(error)
        return True

    def _give_up(self, error: Exception) -> None:
        self._works = False
        self._forward = self._network
        self._warn(
            f"The network could not be compiled ({_reason(error)}); the run goes on without, as fast as one that does "
            "not ask for it. Compiling on a processor needs a C++ compiler such as g++."
        )


def _reason(error: Exception) -> str:
    """What the backend said, without PyTorch's advice to developers."""
    said = getattr(error, "inner_exception", error)
    lines = [line.strip() for line in str(said).splitlines() if line.strip()]
    reason = (lines[0] if lines else type(said).__name__).rstrip(".")
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]}…"
