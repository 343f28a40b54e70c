"""Keeps the statistics of batch norm as they were while a model is fine-tuned on corrections."""

from __future__ import annotations

from typing import ClassVar

from torch.nn.modules.batchnorm import _BatchNorm

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner


class KeptStatistics(Callback):
    """Batches normalise by the parent's statistics, and move none of them; scale and shift learn.

    A few corrections, each drawn several times, look like no epoch of the parent's data, and what batch norm counts
    among them changes the answers about everything else: one parent's validation accuracy fell by up to two points
    without this and rose with it (tests/bench/fine_tune.py, seed 42). Counted anew over all that is drawn, at the
    end of each epoch, they did no better on three parents.
    """

    order: ClassVar[int] = 20

    def before_batch(self, learner: Learner) -> None:
        for module in learner.network.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
