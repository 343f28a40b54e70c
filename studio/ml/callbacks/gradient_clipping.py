"""Shortens gradients that are longer than the recipe allows, so that one odd batch cannot throw the weights far off."""

from __future__ import annotations

from typing import ClassVar

from torch.nn.utils import clip_grad_norm_

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner


class GradientClipping(Callback):
    """`longest` is the 2-norm of all gradients together (Pascanu 2013); those of fp16 are unscaled before."""

    order: ClassVar[int] = 3

    def __init__(self, longest: float) -> None:
        self._longest = longest

    def after_loss(self, learner: Learner) -> None:
        if learner.precision.scaler is not None:
            learner.precision.scaler.unscale_(learner.optimizer)
        learner.clipped_norm = clip_grad_norm_(learner.network.parameters(), self._longest)
