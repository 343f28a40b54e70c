"""The three parameter groups of a network, and freezing: what lesson 3 trains at which rate."""

from __future__ import annotations

import itertools
from typing import Final

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import AdamW, Optimizer

from studio.core.recipe import Stage
from studio.ml.models.encoders import ImageEncoder
from studio.ml.text.text_net import TextNet

GROUPS: Final = 3

BETAS: Final = (0.95, 0.99)
EPSILON: Final = 1e-5
"""fastai's Adam: a second moment of 0.99, and a larger epsilon than PyTorch's, which half precision needs."""


def split_parameters(network: nn.Module) -> list[list[nn.Parameter]]:
    """First part of the encoder, rest of the encoder, everything else; each parameter in exactly one of them. A text
    network has its own three."""
    if isinstance(network, TextNet):
        return network.parameter_groups()
    encoder = network.encoder
    if not isinstance(encoder, ImageEncoder):
        raise TypeError(f"{type(network).__name__} has no encoder to split")
    first, rest = encoder.parameter_groups()
    known = {id(p) for p in itertools.chain(first, rest)}
    return [first, rest, [p for p in network.parameters() if id(p) not in known]]


def begin_stage(network: nn.Module, stage: Stage) -> None:
    """Let learn what the stage lets learn."""
    if isinstance(network, TextNet):
        network.begin(stage)
    else:
        freeze(network, stage.frozen)


def freeze(network: nn.Module, frozen: bool) -> None:
    """Frozen: only the head and every batch-norm layer learn. The statistics of batch norm move in either case."""
    *encoder, head = split_parameters(network)
    for parameter in itertools.chain.from_iterable(encoder):
        parameter.requires_grad_(not frozen)
    for parameter in head:
        parameter.requires_grad_(True)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            for parameter in module.parameters():
                parameter.requires_grad_(True)


def make_optimizer(network: nn.Module, *, lr: float, weight_decay: float) -> Optimizer:
    """AdamW over the three groups. Frozen parameters are in it too; they get no gradient and stay as they are."""
    groups = [{"params": parameters} for parameters in split_parameters(network)]
    return AdamW(groups, lr=lr, betas=BETAS, eps=EPSILON, weight_decay=weight_decay, fused=_fused(network))


def _fused(network: nn.Module) -> bool:
    return next(network.parameters()).device.type in ("cpu", "cuda")
