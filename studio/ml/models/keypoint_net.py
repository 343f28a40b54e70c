"""Keypoint regression by a soft arg-max: each keypoint is where its heat map has its centre of mass.

The map says where, so that a network from scratch learns places in a few epochs; a head behind global pooling first has
to learn to encode them. Differentiable coordinates as in Nibali et al. 2018, "Numerical coordinate regression".
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from studio.ml.models.blocks import ConvNormAct, UpBlock
from studio.ml.models.encoders import ImageEncoder

HEAT_WIDTH: Final = 64


class KeypointNet(nn.Module):
    """(N, 3, H, W) float → (N, keypoints, 2) coordinates x, y in [-1, 1]; -1 and 1 are the picture's edges."""

    def __init__(self, encoder: ImageEncoder, keypoints: int) -> None:
        super().__init__()
        self.encoder = encoder
        *_, eighth, sixteenth, last = encoder.channels
        self.up_to_sixteenth = UpBlock(last, sixteenth, 128)
        self.up_to_eighth = UpBlock(128, eighth, HEAT_WIDTH)
        self.smooth = ConvNormAct(HEAT_WIDTH, HEAT_WIDTH)
        self.heat = nn.Conv2d(HEAT_WIDTH, keypoints, 1)

    def forward(self, images: Tensor) -> Tensor:
        *_, eighth, sixteenth, last = self.encoder(images)
        merged = self.up_to_eighth(self.up_to_sixteenth(last, sixteenth), eighth)
        return centre_of_mass(self.heat(self.smooth(merged)).float())


def centre_of_mass(heat: Tensor) -> Tensor:
    """(N, K, h, w) logits → (N, K, 2): the mean place under their soft-max, x then y, in [-1, 1]."""
    count, keypoints, height, width = heat.shape
    share = heat.flatten(2).softmax(-1).view(count, keypoints, height, width)
    x = (share.sum(-2) * cell_centres(width, heat)).sum(-1)
    y = (share.sum(-1) * cell_centres(height, heat)).sum(-1)
    return torch.stack([x, y], dim=-1)


def cell_centres(cells: int, like: Tensor) -> Tensor:
    """Where the middles of so many cells in a row are in [-1, 1]."""
    return (torch.arange(cells, device=like.device, dtype=like.dtype) * 2 + 1) / cells - 1
