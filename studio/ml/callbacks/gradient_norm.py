"""Measures how long the gradients are, as often as that costs next to nothing."""

from __future__ import annotations

import math
import time
from typing import ClassVar, Final

import torch
from torch import Tensor, nn

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner

SHARE: Final = 0.005
"""Of the training time that measuring may take."""


class GradientNorm(Callback):
    """Sets `learner.gradient_norm` after the loss, None where it was not measured. A norm that clipping found is used;
    what fp16 scaled is scaled back. The next measurement waits until the time of the last is `SHARE` of what passed."""

    order: ClassVar[int] = 4  # right after clipping, whose order is 3

    def __init__(self) -> None:
        self._next = -math.inf

    def before_batch(self, learner: Learner) -> None:
        learner.gradient_norm, learner.clipped_norm = None, None

    def after_loss(self, learner: Learner) -> None:
        began = time.perf_counter()
        if began < self._next:
            return
        if learner.clipped_norm is not None:
            norm = float(learner.clipped_norm)
        else:
            scaler = learner.precision.scaler
            norm = gradient_norm(learner.network) / (scaler.get_scale() if scaler is not None else 1.0)
        learner.gradient_norm = norm if math.isfinite(norm) else None
        now = time.perf_counter()
        self._next = now + (now - began) / SHARE


def gradient_norm(network: nn.Module) -> float:
    """The 2-norm of all gradients together; on a GPU this waits for them."""
    gradients: list[Tensor] = [p.grad for p in network.parameters() if p.grad is not None]
    if not gradients:
        return 0.0
    return float(torch.nn.utils.get_total_norm(gradients))
