"""ImageNet weights through torchvision: from its cache, or from its server when there is a network."""

from __future__ import annotations

import os
import pickle
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from torch import nn
from torchvision.models import WeightsEnum, get_model_weights

from studio.ml.models.encoders import make_classifier

OFFLINE_VARIABLE: Final = "STUDIO_OFFLINE"
"""Set to anything but 0 to never ask the network."""

CONNECT_SECONDS: Final = 4.0

_UNAVAILABLE = (OSError, RuntimeError, ValueError, EOFError)


_OLD_DENSENET_NAME: Final = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
"""torchvision's DenseNet files are older than its rule that a module's name has no dot."""


def pretrained_classifier(encoder: str, *, dilated: bool = False) -> tuple[nn.Module | None, str]:
    """torchvision's classifier with its ImageNet weights, and one sentence on where they come from. `dilated` as in
    `make_encoder`.

    None, and the reason, where they cannot be had: there is no network, it is switched off, or the file is damaged.
    """
    weights = _default_weights(encoder)
    try:
        with _network_timeout(CONNECT_SECONDS):
            state = _state_dict(weights)
        model = make_classifier(encoder, dilated=dilated)
        model.load_state_dict({_OLD_DENSENET_NAME.sub(r"\1\2", name): value for name, value in state.items()})
    except _UNAVAILABLE as error:
        return None, f"From scratch: the ImageNet weights of {encoder} cannot be had ({reason_of(error)})."
    return model, f"From ImageNet ({encoder}, torchvision's {weights.name})."


def _default_weights(encoder: str) -> WeightsEnum:
    return get_model_weights(encoder)["DEFAULT"]


def cached_file(weights: WeightsEnum) -> Path:
    """Where torch.hub keeps these weights, whether they are there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(weights.url).path).name


def _state_dict(weights: WeightsEnum) -> dict[str, torch.Tensor]:
    if is_offline() and not cached_file(weights).is_file():
        raise OSError(f"{OFFLINE_VARIABLE} is set and {cached_file(weights)} is not there")
    try:
        return weights.get_state_dict(progress=False, check_hash=True, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        raise OSError(f"{cached_file(weights)} is damaged, or holds code that is never run; delete it") from error


def is_offline() -> bool:
    """Whether a person has said that the network must not be asked."""
    return os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0")


@contextmanager
def _network_timeout(seconds: float) -> Iterator[None]:
    """torch.hub connects without a timeout: a network that swallows packets would hold a run for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def reason_of(error: Exception) -> str:
    """What went wrong, in a line."""
    if isinstance(error, URLError):
        return f"no network: {error.reason}"
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
