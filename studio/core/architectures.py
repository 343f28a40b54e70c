"""The networks that a recipe can ask for: architectures by task, encoders by torchvision's or timm's name, and which go
together.

Names only, so that the window and the command line can offer them without loading PyTorch.
"""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Sequence
from typing import Final

from studio.core.errors import MissingPackage
from studio.core.optional_packages import is_installed
from studio.core.settings import Task


class Architecture(enum.StrEnum):
    """What is built on an encoder. The names are those of `--arch`."""

    UNET = "unet"
    DYNAMIC_UNET = "dynamic_unet"
    DEEPLABV3 = "deeplabv3"
    LRASPP = "lraspp"
    SMP_UNET = "smp/unet"
    SMP_UNET_PLUS_PLUS = "smp/unetplusplus"
    SMP_MANET = "smp/manet"
    SMP_LINKNET = "smp/linknet"
    SMP_FPN = "smp/fpn"
    SMP_PAN = "smp/pan"
    SMP_PSPNET = "smp/pspnet"
    SMP_UPERNET = "smp/upernet"
    SMP_SEGFORMER = "smp/segformer"
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

TIMM: Final = "timm"
"""The package whose models are encoders too, by `timm/NAME`."""

_TIMM_NAME: Final = re.compile(r"timm/[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?")
"""A model's name, and behind a point the training that its weights come from."""

TIMM_ENCODERS: Final = (
    "timm/mobilenetv3_small_050",
    "timm/mobilenetv3_small_100",
    "timm/mobilenetv3_large_100",
    "timm/mobilenetv4_conv_small",
    "timm/mobilenetv4_conv_medium",
    "timm/efficientnet_lite0",
    "timm/tf_efficientnetv2_b0",
    "timm/fbnetv3_b",
    "timm/ghostnet_100",
    "timm/rexnet_100",
    "timm/semnasnet_075",
    "timm/starnet_s1",
    "timm/fastvit_t8",
    "timm/resnet18d",
    "timm/resnet26d",
    "timm/resnet34d",
    "timm/resnet50d",
    "timm/seresnext26d_32x4d",
    "timm/seresnext50_32x4d",
    "timm/ecaresnet26t",
    "timm/ecaresnet50d",
    "timm/res2net50_26w_4s",
    "timm/skresnet18",
    "timm/resnetv2_50",
    "timm/regnety_002",
    "timm/regnetz_b16",
    "timm/repvgg_a0",
    "timm/cspresnet50",
    "timm/cspdarknet53",
    "timm/ese_vovnet19b_dw",
    "timm/dpn68",
    "timm/dla34",
    "timm/convnext_atto",
    "timm/convnext_femto",
    "timm/convnext_pico",
    "timm/convnext_nano",
    "timm/convnextv2_atto",
    "timm/convnextv2_femto",
    "timm/convnextv2_nano",
    "timm/edgenext_xx_small",
    "timm/edgenext_small",
    "timm/poolformer_s12",
    "timm/pvt_v2_b0",
    "timm/hrnet_w18_small_v2",
    "timm/hrnet_w18",
)
"""Those that are offered to choose from; a recipe takes any whose features are maps at several sizes."""

SMP: Final = "segmentation-models-pytorch"
"""The package whose networks go by `smp/NAME`."""

SMP_ARCHITECTURES: Final = tuple(one for one in Architecture if one.startswith("smp/"))

ARCHITECTURES: Final[dict[Task, tuple[Architecture, ...]]] = {
    Task.SEGMENTATION: (
        Architecture.UNET,
        Architecture.DYNAMIC_UNET,
        Architecture.DEEPLABV3,
        Architecture.LRASPP,
        *SMP_ARCHITECTURES,
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
    """torchvision's encoders that it can stand on, its usual one first. None: a task's default, which takes all."""
    return ENCODERS if architecture is None else _ENCODERS_OF.get(architecture, ENCODERS)


def offered_architectures(task: Task) -> tuple[Architecture, ...]:
    """Those that a person chooses from: without those of a package that is not installed."""
    known = ARCHITECTURES.get(task, ())
    return (
        known if is_installed("segmentation_models_pytorch") else tuple(a for a in known if a not in SMP_ARCHITECTURES)
    )


def offered_encoders(architecture: Architecture | None) -> tuple[str, ...]:
    """Those that a person chooses from: timm's behind torchvision's where timm is installed and they fit."""
    fitting = encoders_of(architecture)
    return (*fitting, *TIMM_ENCODERS) if fitting is ENCODERS and is_installed(TIMM) else fitting


def is_timm(encoder: str) -> bool:
    """Whether the name asks for a model of timm; whether timm knows it is another question."""
    return _TIMM_NAME.fullmatch(encoder) is not None


def is_encoder(name: str) -> bool:
    return name in ENCODERS or is_timm(name)


def can_stand_on(architecture: Architecture | None, encoder: str) -> bool:
    fitting = encoders_of(architecture)
    return encoder in fitting or (fitting is ENCODERS and is_timm(encoder))


def default_architecture(task: Task) -> Architecture | None:
    """None for a task that no model is trained for, or that has one kind of network only."""
    known = ARCHITECTURES.get(task)
    return known[0] if known else None


def check_encoder(encoder: str, architecture: Architecture | None) -> None:
    """Raises ValueError with a sentence that names encoders near to what was asked for, or that fit."""
    if not is_encoder(encoder):
        raise ValueError(f"there is no encoder called {encoder}{near_names(encoder, ENCODERS)}")
    if not can_stand_on(architecture, encoder):
        raise ValueError(f"{architecture} cannot stand on {encoder}; it can on {_listed(encoders_of(architecture))}")


def check_architecture(architecture: Architecture | None, task: Task) -> None:
    """Raises ValueError where `architecture` is none of the task's."""
    known = ARCHITECTURES.get(task, ())
    if architecture is not None and architecture not in known:
        fitting = f"; there it can be {_listed(known)}" if known else ""
        raise ValueError(f"{architecture} is no architecture for {task}{fitting}")


def missing_package(architecture: Architecture | None, encoder: str) -> MissingPackage | None:
    """The error about the package that the network or its encoder comes from, where that is not installed."""
    if architecture in SMP_ARCHITECTURES and not is_installed("segmentation_models_pytorch"):
        return MissingPackage(f"The network {architecture}", [SMP])
    if is_timm(encoder) and not is_installed(TIMM):
        return MissingPackage(f"The encoder {encoder}", [TIMM])
    return None


def near_names(asked: str, known: Sequence[str]) -> str:
    """ "; near to it are a, b and c", or where nothing is near the first few that there are."""
    near = difflib.get_close_matches(asked.lower(), known, n=4, cutoff=0.6)
    return f"; near to it: {', '.join(near)}" if near else f"; there are {', '.join(known[:4])} and others"


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*names[:-2], " or ".join(names[-2:])])
