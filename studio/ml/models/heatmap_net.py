"""Keypoints by heat maps: a map for each keypoint at a quarter of the size, with a hill where the keypoint is.

As in Xiao et al. 2018, "Simple baselines for human pose estimation", with skips instead of transposed convolutions.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from studio.ml.models.blocks import ConvNormAct, UpBlock
from studio.ml.models.encoders import ImageEncoder
from studio.ml.models.keypoint_net import cell_centres

FINEST: Final = 4
"""The maps are at this scale, or at the first coarser one that the encoder has."""

UP_WIDTH: Final = 64

SPREAD: Final = 1.5
"""Standard deviation of a hill, in cells of the map."""


class HeatmapNet(nn.Module):
    """(N, 3, H, W) float → (N, keypoints, h, w) float32 maps; h and w are a quarter of H and W."""

    def __init__(self, encoder: ImageEncoder, keypoints: int) -> None:
        super().__init__()
        self.encoder = encoder
        *skips, width = encoder.channels
        raised = [skip for skip, scale in zip(skips, encoder.scales, strict=False) if scale >= FINEST]
        self.decoder = nn.ModuleList()
        for skip in reversed(raised):
            self.decoder.append(UpBlock(width, skip, UP_WIDTH))
            width = UP_WIDTH
        self.smooth = ConvNormAct(UP_WIDTH, UP_WIDTH)
        self.heat = nn.Conv2d(UP_WIDTH, keypoints, 1)

    def forward(self, images: Tensor) -> Tensor:
        *skips, merged = self.encoder(images)
        for block, skip in zip(self.decoder, reversed(skips), strict=False):
            merged = block(merged, skip)
        return self.heat(self.smooth(merged)).float()


def hills(places: Tensor, *, height: int, width: int) -> Tensor:
    """(…, 2) places x, y in [-1, 1] → (…, height, width) maps that are 1 where the place is and fall off around it."""
    x = (cell_centres(width, places) - places[..., [0]]) * width / 2
    y = (cell_centres(height, places) - places[..., [1]]) * height / 2
    across, down = (torch.exp(-(offset.square()) / (2 * SPREAD**2)) for offset in (x, y))
    return down[..., :, None] * across[..., None, :]


def peaks(heat: Tensor) -> Tensor:
    """(…, h, w) maps → (…, 2) places x, y in [-1, 1]: the top of the hill around the highest cell, from it and its
    neighbours' logarithms (Zhang et al. 2020, "Distribution-aware coordinate representation"); exact for `hills`."""
    height, width = heat.shape[-2:]
    highest = heat.flatten(-2).argmax(-1, keepdim=True)
    row, column = highest // width, highest % width
    logs = heat.flatten(-2).clamp(min=1e-6).log()
    x = column + _top(logs, highest, step=1, inside=(column > 0) & (column < width - 1))
    y = row + _top(logs, highest, step=width, inside=(row > 0) & (row < height - 1))
    return torch.cat([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)


def _top(logs: Tensor, highest: Tensor, *, step: int, inside: Tensor) -> Tensor:
    """By how much the top of a parabola through three cells lies beside the middle one: up to half a cell, and at the
    edge of the map, where there are no three, not at all."""
    last = logs.shape[-1] - 1
    before, at, after = (logs.gather(-1, (highest + move).clamp(0, last)) for move in (-step, 0, step))
    curve = before - 2 * at + after
    offset = (before - after) / (2 * curve.clamp(max=-1e-6))
    return torch.where(inside, offset.clamp(-0.5, 0.5), 0)
