"""Keypoints by regression from what the encoder sees last, pooled over all places: fastai's head with `y_range`."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.ml.models.blocks import PooledNorm
from studio.ml.models.encoders import ImageEncoder

HIDDEN: Final = 512


class PooledKeypointNet(nn.Module):
    """(N, 3, H, W) float → (N, keypoints, 2) coordinates x, y between -1 and 1.

    The maximum and the mean over all places go through one hidden layer (fastai's `create_head`), and a sigmoid keeps
    the answers within the picture. It needs ImageNet weights or many epochs: pooling forgets places.
    """

    def __init__(self, encoder: ImageEncoder, keypoints: int) -> None:
        super().__init__()
        self.encoder = encoder
        pooled = 2 * encoder.channels[-1]
        self.hidden = nn.Sequential(
            PooledNorm(pooled),
            nn.Dropout(0.25),
            nn.Conv2d(pooled, HIDDEN, 1, bias=False),
            nn.ReLU(inplace=True),
            PooledNorm(HIDDEN),
            nn.Dropout(0.5),
        )
        self.head = nn.ModuleDict({axis: nn.Conv2d(HIDDEN, keypoints, 1) for axis in "xy"})

    def forward(self, images: Tensor) -> Tensor:
        last = self.encoder(images)[-1]
        pooled = torch.cat([functional.adaptive_max_pool2d(last, 1), functional.adaptive_avg_pool2d(last, 1)], dim=1)
        hidden = self.hidden(pooled)
        places = torch.stack([self.head[axis](hidden).flatten(1) for axis in "xy"], dim=-1)
        return torch.sigmoid(places.float()) * 2 - 1
