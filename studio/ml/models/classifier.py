"""The network for classes of a whole picture: an encoder and fastai's head on what it sees last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.ml.models.blocks import PooledNorm1d
from studio.ml.models.encoders import ImageEncoder

DROPOUT: Final = 0.5
"""fastai's `ps`."""


class Classifier(nn.Module):
    """(N, 3, H, W) float → (N, outputs) logits.

    As fastai's `create_head`, with its last block alone: the maximum and the mean over all places, batch norm, dropout,
    a linear layer. `start` are the logits that it answers to everything at first, before it has learnt anything. Its
    hidden layer pays off with ImageNet's features and many pictures, not from scratch on few.
    """

    def __init__(self, encoder: ImageEncoder, outputs: int, *, start: Sequence[float] | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        pooled = 2 * encoder.channels[-1]
        self.regular = nn.Sequential(PooledNorm1d(pooled), nn.Dropout(DROPOUT))
        self.head = nn.Linear(pooled, outputs)
        if start is not None:
            nn.init.zeros_(self.head.weight)
            with torch.no_grad():
                self.head.bias.copy_(torch.tensor(start))

    def forward(self, images: Tensor) -> Tensor:
        last = self.encoder(images)[-1]
        pooled = torch.cat([functional.adaptive_max_pool2d(last, 1), functional.adaptive_avg_pool2d(last, 1)], dim=1)
        return self.head(self.regular(pooled.flatten(1)))
