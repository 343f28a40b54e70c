"""Building blocks that the decoders share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvNormAct(nn.Sequential):
    """A convolution that keeps the size, batch norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class UpBlock(nn.Module):
    """Brings a coarse map to the size of a finer one (the skip) and merges the two."""

    def __init__(self, coarse: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.shrink = ConvNormAct(coarse, outputs, kernel=1)
        self.merge = ConvNormAct(outputs + skip, outputs)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """Any two sizes fit: the coarse map is interpolated to exactly the skip's height and width."""
        raised = functional.interpolate(self.shrink(coarse), size=skip.shape[-2:], mode="bilinear", align_corners=False)
        return self.merge(torch.cat([raised, skip], dim=1))


class PooledNorm(nn.BatchNorm2d):
    """Batch norm of maps that are one pixel large: a single picture has no spread, so it is judged by the statistics
    of the pictures before it."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        return _by_those_before(self, input) if _is_alone(self, input) else super().forward(input)


class PooledNorm1d(nn.BatchNorm1d):
    """The same of what is (N, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        return _by_those_before(self, input) if _is_alone(self, input) else super().forward(input)


def _is_alone(norm: nn.Module, values: Tensor) -> bool:
    return norm.training and values.shape[0] == 1


def _by_those_before(norm: nn.BatchNorm1d | nn.BatchNorm2d, values: Tensor) -> Tensor:
    return functional.batch_norm(
        values, norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False, eps=norm.eps
    )
