"""fastai's DynamicUnet with its defaults (fastai 2.8, `vision/models/unet.py`): wide, with sub-pixel convolutions.

It has no batch norm in its decoder but that of the skips, and takes several times as long as the light U-Net.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.ml.models.encoders import ImageEncoder

_HEAD_BIAS_DEVIATION: Final = 0.01
_NORM_BIAS: Final = 1e-3


class DynamicUnet(nn.Module):
    """(N, 3, H, W) float of any height and width from 32 up → (N, outputs, H, W) logits."""

    def __init__(self, encoder: ImageEncoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        deepest = encoder.channels[-1]
        self.norm = _norm(deepest)
        self.middle = nn.Sequential(_convolution(deepest, 2 * deepest), _convolution(2 * deepest, deepest))
        width = deepest
        blocks: list[nn.Module] = []
        for skip in encoder.channels[-2::-1]:
            block = SubPixelBlock(width, skip, halve=len(blocks) == len(encoder.channels) - 2)
            blocks.append(block)
            width = block.width
        self.decoder = nn.ModuleList(blocks)
        self.last_up = SubPixelUp(width, width) if encoder.scales[0] > 1 else nn.Identity()
        self.full = Residual(width + 3)
        self.head = nn.Conv2d(width + 3, outputs, 1)
        nn.init.normal_(self.head.bias, 0, _HEAD_BIAS_DEVIATION)  # pyright: ignore[reportArgumentType]

    def forward(self, images: Tensor) -> Tensor:
        *skips, deepest = self.encoder(images)
        merged = self.middle(functional.relu(self.norm(deepest)))
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            merged = block(merged, skip)
        raised = _resized(self.last_up(merged), images)
        return self.head(self.full(torch.cat([raised, images], dim=1)))


class SubPixelBlock(nn.Module):
    """Doubles the size of a coarse map, halves its width, and merges it with the skip; the last one halves once more.

    `width` is that of its output.
    """

    def __init__(self, coarse: int, skip: int, *, halve: bool) -> None:
        super().__init__()
        merged = coarse // 2 + skip
        self.width = merged // 2 if halve else merged
        self.up = SubPixelUp(coarse, coarse // 2)
        self.norm = _norm(skip)
        self.merge = nn.Sequential(_convolution(merged, self.width), _convolution(self.width, self.width))

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        raised = _resized(self.up(coarse), skip)
        return self.merge(functional.relu(torch.cat([raised, self.norm(skip)], dim=1)))


class SubPixelUp(nn.Sequential):
    """A 1×1 convolution to four times the width, whose channels then lie beside one another as pixels.

    It starts with the same weights for the four pixels (ICNR, Aitken et al. 2017), so that it begins without a
    checkerboard.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        convolution = nn.Conv2d(inputs, outputs * 4, 1)
        with torch.no_grad():
            start = nn.init.kaiming_normal_(torch.empty(outputs, inputs, 1, 1))
            convolution.weight.copy_(start.repeat_interleave(4, dim=0))
        nn.init.zeros_(convolution.bias)  # pyright: ignore[reportArgumentType]
        super().__init__(convolution, nn.ReLU(inplace=True), nn.PixelShuffle(2))


class Residual(nn.Module):
    """Two 3×3 convolutions beside a straight way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.path = nn.Sequential(_convolution(width, width), *_convolution(width, width)[:1])

    def forward(self, values: Tensor) -> Tensor:
        return functional.relu(self.path(values) + values)


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(convolution.weight)
    nn.init.zeros_(convolution.bias)  # pyright: ignore[reportArgumentType]
    return nn.Sequential(convolution, nn.ReLU(inplace=True))


def _norm(width: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(width)
    nn.init.constant_(norm.bias, _NORM_BIAS)
    return norm


def _resized(values: Tensor, like: Tensor) -> Tensor:
    """An odd size loses a row or column at each halving, which is made up for by the nearest pixel."""
    return functional.interpolate(values, size=like.shape[-2:], mode="nearest")
