"""The networks that a recipe can ask for: architectures by task, encoders by torchvision's name, and which go together.

Names only, so that the window and the command line can offer them without loading PyTorch.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Sequence
from typing import Final

from studio.core.settings import Task


class Architecture(enum.StrEnum):
    """What is built on an encoder. The names are those of `--arch`."""

    UNET = "unet"
    DYNAMIC_UNET = "dynamic_unet"
    DEEPLABV3 = "deeplabv3"
    LRASPP = "lraspp"
    SOFT_ARGMAX = "soft_argmax"
    HEATMAP = "heatmap"
    REGRESSION = "regression"


DEFAULT_ENCODER: Final = "resnet18"

_BOTTLENECK_RESNETS: Final = (
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
)

_MOBILENETS_V3: Final = ("mobilenet_v3_large", "mobilenet_v3_small")

ENCODERS: Final = (
    *("resnet18", "resnet34"),
    *_BOTTLENECK_RESNETS,
    *_MOBILENETS_V3,
    "mobilenet_v2",
    *(f"efficientnet_b{size}" for size in range(8)),
    *(f"efficientnet_v2_{size}" for size in "sml"),
    *(f"convnext_{size}" for size in ("tiny", "small", "base", "large")),
    *(f"regnet_{kind}_{size}" for kind in "xy" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")),
    "regnet_y_128gf",
    *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
    *(f"shufflenet_v2_x{width}" for width in ("0_5", "1_0", "1_5", "2_0")),
    *(f"mnasnet{width}" for width in ("0_5", "0_75", "1_0", "1_3")),
    *(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
    *("squeezenet1_0", "squeezenet1_1", "alexnet"),
)
"""torchvision's classifiers whose features are maps at several sizes, made by convolutions that take any picture of
32×32 or more. Its transformers have none that shrink step by step or want one size; its Inception networks want 75."""

ARCHITECTURES: Final[dict[Task, tuple[Architecture, ...]]] = {
    Task.SEGMENTATION: (
        Architecture.UNET,
        Architecture.DYNAMIC_UNET,
        Architecture.DEEPLABV3,
        Architecture.LRASPP,
    ),
    Task.KEYPOINTS: (Architecture.SOFT_ARGMAX, Architecture.HEATMAP, Architecture.REGRESSION),
}
"""Which there are for a task; the first is its default."""

_ENCODERS_OF: Final[dict[Architecture, tuple[str, ...]]] = {
    Architecture.DEEPLABV3: (*_BOTTLENECK_RESNETS, *_MOBILENETS_V3),
    Architecture.LRASPP: _MOBILENETS_V3,
}
"""The encoders that can be dilated, which these two need; the others take every encoder."""


def encoders_of(architecture: Architecture | None) -> tuple[str, ...]:
    """The encoders that it can stand on, its usual one first. None: a task's default, which takes all."""
    return ENCODERS if architecture is None else _ENCODERS_OF.get(architecture, ENCODERS)


def default_architecture(task: Task) -> Architecture | None:
    """None for a task that no model is trained for, or that has one kind of network only."""
    known = ARCHITECTURES.get(task)
    return known[0] if known else None


def check_encoder(encoder: str, architecture: Architecture | None) -> None:
    """Raises ValueError with a sentence that names encoders near to what was asked for, or that fit."""
    if encoder not in ENCODERS:
        raise ValueError(f"there is no encoder called {encoder}{near_names(encoder, ENCODERS)}")
    fitting = encoders_of(architecture)
    if encoder not in fitting:
        raise ValueError(f"{architecture} cannot stand on {encoder}; it can on {_listed(fitting)}")


def check_architecture(architecture: Architecture | None, task: Task) -> None:
    """Raises ValueError where `architecture` is none of the task's."""
    known = ARCHITECTURES.get(task, ())
    if architecture is not None and architecture not in known:
        fitting = f"; there it can be {_listed(known)}" if known else ""
        raise ValueError(f"{architecture} is no architecture for {task}{fitting}")


def near_names(asked: str, known: Sequence[str]) -> str:
    """ "; near to it are a, b and c", or where nothing is near the first few that there are."""
    near = difflib.get_close_matches(asked.lower(), known, n=4, cutoff=0.6)
    return f"; near to it: {', '.join(near)}" if near else f"; there are {', '.join(known[:4])} and others"


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*names[:-2], " or ".join(names[-2:])])
