"""The U-Net with a light decoder: skips wherever the encoder shrinks the picture, the picture itself at the last."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.ml.models.blocks import ConvNormAct, UpBlock
from studio.ml.models.encoders import ImageEncoder

FULL_WIDTH: Final = 24

DECODER_WIDTHS: Final = {16: 128, 8: 96, 4: 64, 2: 48, 1: FULL_WIDTH}
"""Channels by scale; fastai's DynamicUnet has 512 to 96 at 1/16 to 1/2 and takes several times as long."""


class UNet(nn.Module):
    """(N, 3, H, W) float of any height and width from 32 up → (N, outputs, H, W) logits."""

    def __init__(self, encoder: ImageEncoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        skips = encoder.channels[-2::-1]
        widths = [DECODER_WIDTHS[scale] for scale in encoder.scales[-2::-1]]
        inputs = (encoder.channels[-1], *widths[:-1])
        self.decoder = nn.ModuleList(
            UpBlock(coarse, skip, width) for coarse, skip, width in zip(inputs, skips, widths, strict=True)
        )
        self.full = ConvNormAct(widths[-1] + 3, FULL_WIDTH)
        self.head = nn.Conv2d(FULL_WIDTH, outputs, 1)

    def forward(self, images: Tensor) -> Tensor:
        *skips, merged = self.encoder(images)
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            merged = block(merged, skip)
        raised = functional.interpolate(merged, size=images.shape[-2:], mode="bilinear", align_corners=False)
        return self.head(self.full(torch.cat([raised, images], dim=1)))
