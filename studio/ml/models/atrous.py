"""torchvision's two networks on dilated encoders: DeepLabV3 (Chen et al. 2017) and LR-ASPP (Howard et al. 2019).

Their parts are torchvision's. What has one row for each output is called `head` or lies below it, so that a fine-tuning
can bring its classes into its own order.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.segmentation.deeplabv3 import ASPPPooling, DeepLabHead
from torchvision.models.segmentation.lraspp import LRASPPHead

from studio.ml.models.blocks import PooledNorm
from studio.ml.models.encoders import ImageEncoder

LRASPP_WIDTH: Final = 128

POOLED_WIDTH: Final = 256
"""Of the branch of torchvision's pyramid that sees the whole picture."""


class DeepLabV3(nn.Module):
    """(N, 3, H, W) float → (N, outputs, H, W) logits, computed at 1/8 of the size (MobileNetV3: 1/16)."""

    def __init__(self, encoder: ImageEncoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        *pyramid, head = DeepLabHead(encoder.channels[-1], outputs)
        self.pyramid = nn.Sequential(*pyramid)
        self.head = head
        for module in self.pyramid.modules():
            if isinstance(module, ASPPPooling):
                module[2] = PooledNorm(POOLED_WIDTH)

    def forward(self, images: Tensor) -> Tensor:
        return _full_size(self.head(self.pyramid(self.encoder(images)[-1])), images)


class LRASPP(nn.Module):
    """(N, 3, H, W) float → (N, outputs, H, W) logits, computed at an eighth of the size; for MobileNetV3 only."""

    def __init__(self, encoder: ImageEncoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        parts = LRASPPHead(encoder.channels[2], encoder.channels[-1], outputs, LRASPP_WIDTH)
        self.narrow = parts.cbr
        self.attention = parts.scale
        self.head = nn.ModuleDict({"low": parts.low_classifier, "high": parts.high_classifier})

    def forward(self, images: Tensor) -> Tensor:
        low, high = self._features(images)
        attended = self.narrow(high) * self.attention(high)
        raised = functional.interpolate(attended, size=low.shape[-2:], mode="bilinear", align_corners=False)
        return _full_size(self.head["low"](low) + self.head["high"](raised), images)

    def _features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What the first block at 1/8 answers, and the deepest features."""
        first, second, third, *deeper = self.encoder.stages
        entry, *others = third.children()
        low = entry(second(first(images)))
        return low, nn.Sequential(*others, *deeper)(low)


def _full_size(logits: Tensor, images: Tensor) -> Tensor:
    return functional.interpolate(logits, size=images.shape[-2:], mode="bilinear", align_corners=False)
