"""Keeps a moving average of the weights beside those that are trained, and lets the run answer with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from studio.ml.callbacks.base import Callback
from studio.ml.learner import Learner
from studio.ml.parameter_groups import begin_stage


class WeightAveraging(Callback):
    """An exponential moving average over the steps (Polyak 1992), of batch norm's statistics too, which so belong to
    the averaged weights. Training goes on with the raw ones.

    The `decay` grows from 0 to what is asked as TensorFlow's and timm's do, so that the first, random weights are soon
    out of the average of a short run.
    """

    order: ClassVar[int] = 15

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._averaged = AveragedModel(network, multi_avg_fn=_Growing(decay), use_buffers=True)  # pyright: ignore[reportArgumentType]

    @property
    def network(self) -> nn.Module:
        """Like the one that is trained, with the averaged weights; before the first step with the same."""
        return cast(nn.Module, self._averaged.module)

    def before_stage(self, learner: Learner) -> None:
        begin_stage(self.network, learner.stage)

    def after_batch(self, learner: Learner) -> None:
        self._averaged.update_parameters(learner.network)

    def state(self) -> dict[str, Any]:
        return {"steps": int(self._averaged.n_averaged), "weights": self.network.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self._averaged.n_averaged.fill_(state["steps"])
        self.network.load_state_dict(state["weights"])


class _Growing:
    """PyTorch's exponential average with a decay of (1 + n) / (10 + n) after n steps, until that is above `decay`."""

    def __init__(self, decay: float) -> None:
        self._decay = decay

    @torch.no_grad()
    def __call__(self, averaged: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        if not averaged[0].is_floating_point():  # batch norm's count of batches
            for kept, new in zip(averaged, current, strict=True):
                kept.copy_(new)
            return
        done = int(steps)
        decay = min(self._decay, (1 + done) / (10 + done))
        get_ema_multi_avg_fn(decay)(list(averaged), list(current), steps)
