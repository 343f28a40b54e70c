"""The networks of segmentation-models-pytorch on this program's encoders, where that package is installed.

Only decoder and head are the package's. The encoder is torchvision's or timm's as everywhere, so that its weights, its
groups of parameters and its file are those of every other network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from torch import Tensor, nn
from torch.nn import functional

from studio.core.architectures import SMP, Architecture
from studio.core.errors import MissingPackage
from studio.ml.models.blocks import PooledNorm
from studio.ml.models.encoders import ImageEncoder

_COLOURS: Final = 3

_FILLER: Final = 4 * _COLOURS
"""Width of what stands for a map that an encoder does not have: the picture four times, as LinkNet divides by four."""

_STAND_IN: Final = "relearn-studio-stand-in"
"""The name under which the package is told of an encoder."""


@dataclass(frozen=True)
class _Wish:
    """What the package calls the network, how small its coarsest map is (1/scale), from which side on it works, and
    options of its own."""

    name: str
    coarsest: int = 32
    least_side: int = 32
    options: tuple[tuple[str, object], ...] = ()


_WISHES: Final = {
    Architecture.SMP_UNET: _Wish("unet"),
    Architecture.SMP_UNET_PLUS_PLUS: _Wish("unetplusplus"),
    Architecture.SMP_MANET: _Wish("manet"),
    Architecture.SMP_LINKNET: _Wish("linknet"),
    Architecture.SMP_FPN: _Wish("fpn"),
    Architecture.SMP_PAN: _Wish("pan", least_side=256, options=(("encoder_output_stride", 32),)),
    Architecture.SMP_PSPNET: _Wish("pspnet", coarsest=8, least_side=48),
    Architecture.SMP_UPERNET: _Wish("upernet"),
    Architecture.SMP_SEGFORMER: _Wish("segformer"),
}


class SmpNetwork(nn.Module):
    """(N, 3, H, W) float of any height and width from 32 up → (N, outputs, H, W) logits.

    Pictures are filled up at the right and below to sides that halve without a rest, and the answer is cut back.
    Raises MissingPackage.
    """

    def __init__(self, encoder: ImageEncoder, outputs: int, *, architecture: Architecture) -> None:
        super().__init__()
        wish = _WISHES[architecture]
        self.encoder = _shortened(encoder, wish.coarsest)
        self._coarsest = self.encoder.scales[-1]
        self._least_side = wish.least_side
        widths = dict(zip(self.encoder.scales, self.encoder.channels, strict=True))
        model = _make(wish, (_COLOURS, *(widths.get(scale, _FILLER) for scale in self._scales)), outputs)
        self.decoder: nn.Module = model.decoder
        self.head: nn.Module = model.segmentation_head[0]
        _forgive_single_pictures(self.decoder)

    @property
    def _scales(self) -> list[int]:
        """From 1/2 to the coarsest, also those that the encoder has no map of."""
        return [2**power for power in range(1, round(math.log2(self._coarsest)) + 1)]

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        filled = functional.pad(images, (0, self._missing(width), 0, self._missing(height)))
        logits = self.head(self.decoder([filled, *self._maps(filled)]))
        if logits.shape[-2:] != filled.shape[-2:]:
            logits = functional.interpolate(logits, size=filled.shape[-2:], mode="bilinear", align_corners=False)
        return logits[..., :height, :width]

    def _maps(self, images: Tensor) -> list[Tensor]:
        """One for each of `_scales`, at exactly that scale; the picture itself where the encoder has none."""
        found = dict(zip(self.encoder.scales, self.encoder(images), strict=True))
        height, width = images.shape[-2:]
        return [
            _at(found.get(scale, images), (height // scale, width // scale), fill=scale not in found)
            for scale in self._scales
        ]

    def _missing(self, side: int) -> int:
        return max(self._least_side - side, 0) or -side % self._coarsest


def _at(one: Tensor, size: tuple[int, int], *, fill: bool) -> Tensor:
    if one.shape[-2:] != size:
        one = functional.interpolate(one, size=size, mode="bilinear", align_corners=False, antialias=fill)
    return one.repeat(1, _FILLER // _COLOURS, 1, 1) if fill else one


def smp_package() -> ModuleType:
    """Raises MissingPackage."""
    try:
        import segmentation_models_pytorch  # noqa: PLC0415 - it takes seconds, and few runs need it
    except ImportError as error:
        raise MissingPackage("A network of segmentation-models-pytorch", [SMP]) from error
    return segmentation_models_pytorch


class _StandIn(nn.Module):
    """What the package asks of an encoder while it makes the parts behind it."""

    def __init__(self, channels: tuple[int, ...], depth: int, output_stride: int) -> None:
        super().__init__()
        self.out_channels = list(channels[: depth + 1])
        self.output_stride = output_stride

    def set_in_channels(self, in_channels: int, pretrained: bool = True) -> None:
        """Always three."""


def _make(wish: _Wish, channels: tuple[int, ...], outputs: int) -> Any:
    package: Any = smp_package()
    known = package.encoders.encoders
    known[_STAND_IN] = {"encoder": _StandIn, "params": {"channels": channels}, "pretrained_settings": {}}
    try:
        return package.create_model(
            wish.name,
            encoder_name=_STAND_IN,
            encoder_weights=None,
            encoder_depth=len(channels) - 1,
            classes=outputs,
            **dict(wish.options),
            **_decoder_widths(wish, len(channels) - 1),
        )
    finally:
        del known[_STAND_IN]


def _decoder_widths(wish: _Wish, depth: int) -> dict[str, object]:
    """The package has one width for each step up; its own for five, of which an encoder with fewer has the last."""
    if wish.name not in ("unet", "unetplusplus", "manet"):
        return {}
    return {"decoder_channels": (256, 128, 64, 32, 16)[-depth:]}


def _shortened(encoder: ImageEncoder, coarsest: int) -> ImageEncoder:
    """Without the stages behind the map that the network looks at last, which would learn nothing. timm's encoders are
    one piece and stay whole."""
    kept = sum(scale <= coarsest for scale in encoder.scales)
    if kept == len(encoder.scales) or type(encoder) is not ImageEncoder:
        return encoder
    return ImageEncoder(list(encoder.stages)[:kept], encoder.channels[:kept], encoder.scales[:kept])


def _forgive_single_pictures(decoder: nn.Module) -> None:
    """Pooling to one pixel leaves a batch norm nothing to measure in a batch of one."""
    for module in decoder.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = PooledNorm
