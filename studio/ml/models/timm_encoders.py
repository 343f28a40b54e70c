"""Encoders out of timm's models, by name, where that package is installed."""

from __future__ import annotations

import difflib
import itertools
from types import ModuleType
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.core.errors import BadInput, MissingPackage
from studio.ml.models.encoders import ImageEncoder, image_statistics

LEAST_MAPS: Final = 3
COARSEST: Final = 32

_WHOLE_STEPS: Final = (64, 96)
_ODD_SIDES: Final = (45, 75)


class TimmEncoder(ImageEncoder):
    """A model of timm that answers feature maps.

    It is given pictures normalised by ImageNet's statistics as every encoder, and brings them to those that the model
    was trained with, where they are others. `needs_whole_steps`: the model takes sides that halve without a rest only,
    so smaller ones are filled up at the right and below.
    """

    def __init__(self, model: Any, channels: list[int], scales: list[int]) -> None:
        super().__init__([], channels, scales)
        self.model: nn.Module = model
        self.needs_whole_steps = False
        self._first_ends_with = _flat(model.feature_info.module_name()[len(scales) - LEAST_MAPS])
        change = _change_of_statistics(model)
        self.changes_pictures = change is not None
        if change is not None:
            self.register_buffer("factor", change[0])
            self.register_buffer("offset", change[1])

    def forward(self, images: Tensor) -> list[Tensor]:
        height, width = images.shape[-2:]
        if self.changes_pictures:
            images = images * self.get_buffer("factor") + self.get_buffer("offset")
        if not self.needs_whole_steps:
            return self.model(images)[: len(self.scales)]
        filled = functional.pad(images, (0, -width % COARSEST, 0, -height % COARSEST))
        maps = zip(self.model(filled), self.scales, strict=False)
        return [one[..., : -(-height // scale), : -(-width // scale)] for one, scale in maps]

    def parameter_groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Split behind the block that answers the last map but two, as torchvision's encoders are."""
        named = list(self.model.named_parameters())
        within = [i for i, (name, _) in enumerate(named) if _flat(name).startswith(f"{self._first_ends_with}_")]
        end = within[-1] + 1 if within else len(named) // 2
        return [p for _, p in named[:end]], [p for _, p in named[end:]]


def make_timm_encoder(name: str, *, weights: str | None = None) -> TimmEncoder:
    """`name` is `timm/…`; `weights` a safetensors file of its own, else it starts at random.

    Raises MissingPackage, and BadInput where timm has no such model or the model no maps that shrink step by step.
    """
    timm = timm_package()
    own_name = known_name(timm, name)
    options: dict[str, Any] = {"pretrained": weights is not None}
    if weights is not None:
        options["pretrained_cfg_overlay"] = {"file": weights, "custom_load": False}
    try:
        model: Any = timm.create_model(own_name, features_only=True, **options)
        channels, scales = list(model.feature_info.channels()), list(model.feature_info.reduction())
    except (RuntimeError, AttributeError, AssertionError, TypeError, NotImplementedError) as error:
        if weights is not None and isinstance(error, RuntimeError):
            raise
        raise _no_encoder(name) from error
    kept = sum(scale <= COARSEST for scale in scales)
    encoder = TimmEncoder(model, channels[:kept], scales[:kept])
    if not _answers_maps(encoder, _WHOLE_STEPS):
        raise _no_encoder(name)
    encoder.needs_whole_steps = not _answers_maps(encoder, _ODD_SIDES)
    return encoder


def timm_package() -> ModuleType:
    """Raises MissingPackage."""
    try:
        import timm  # noqa: PLC0415 - it takes seconds, and few runs need it
    except ImportError as error:
        raise MissingPackage("A model of timm", ["timm"]) from error
    return timm


def known_name(timm: Any, name: str) -> str:
    """What timm itself calls it. Raises BadInput with names near to one that it does not know."""
    own_name = name.partition("/")[2]
    known = [*timm.list_models(), *timm.list_pretrained(f"{own_name.partition('.')[0]}.*")]
    if own_name in known:
        return own_name
    near = difflib.get_close_matches(own_name, known, n=4, cutoff=0.6)
    meant = f"did you mean {' or '.join(f'timm/{other}' for other in near)}?" if near else "see timm.list_models()."
    raise BadInput(f"timm {timm.__version__} has no model called {own_name}; {meant}")


def _no_encoder(name: str) -> BadInput:
    return BadInput(
        f"{name} has no feature maps that shrink step by step for images of any size; choose a convolutional model "
        "such as timm/convnext_atto or timm/mobilenetv3_large_100."
    )


def _answers_maps(encoder: TimmEncoder, size: tuple[int, int]) -> bool:
    """Whether it does what it says of itself on pictures of that height and width. Draws no random number."""
    scales = encoder.scales
    if len(scales) < LEAST_MAPS or any(b <= a for a, b in itertools.pairwise(scales)):
        return False
    training = encoder.training
    try:
        with torch.inference_mode():
            maps = encoder.eval()(torch.zeros(1, 3, *size))
    except (RuntimeError, AssertionError, ValueError, TypeError):
        return False
    finally:
        encoder.train(training)
    if size == _WHOLE_STEPS:
        expected = [(size[0] // scale, size[1] // scale) for scale in scales]
        if [tuple(one.shape[2:]) for one in maps] != expected:
            return False
    return [one.shape[1] for one in maps] == list(encoder.channels)


def _change_of_statistics(model: Any) -> tuple[Tensor, Tensor] | None:
    """Factor and offset, (1, 3, 1, 1) each, from pictures as ImageNet normalises them to those of the model."""
    mean, deviation = image_statistics()
    config: dict[str, Any] = model.pretrained_cfg
    own_mean = torch.tensor(config["mean"], dtype=torch.float32).view(1, -1, 1, 1)
    own_deviation = torch.tensor(config["std"], dtype=torch.float32).view(1, -1, 1, 1)
    if torch.equal(own_mean, mean) and torch.equal(own_deviation, deviation):
        return None
    return deviation / own_deviation, (mean - own_mean) / own_deviation


def _flat(name: str) -> str:
    """timm joins the names of nested modules in one way or the other."""
    return name.replace(".", "_")
