"""ImageNet weights through torchvision: from its cache, or from its server when there is a network."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from torch import nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from studio.core.recipe import Encoder

OFFLINE_VARIABLE: Final = "STUDIO_OFFLINE"
"""Set to anything but 0 to never ask the network."""

CONNECT_SECONDS: Final = 4.0

_UNAVAILABLE = (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError)


def pretrained_classifier(encoder: Encoder) -> tuple[nn.Module | None, str]:
    """torchvision's classifier with its ImageNet weights, and one sentence on where they come from.

    None, and the reason, where they cannot be had: there is no network, it is switched off, or the file is damaged.
    """
    weights = _default_weights(encoder)
    try:
        with _network_timeout(CONNECT_SECONDS):
            state = _state_dict(weights)
        model = get_model(encoder.value, weights=None)
        model.load_state_dict(state)
    except _UNAVAILABLE as error:
        return None, f"From scratch: the ImageNet weights of {encoder.value} cannot be had ({_reason(error)})."
    return model, f"From ImageNet ({encoder.value}, torchvision's {weights.name})."


def _default_weights(encoder: Encoder) -> WeightsEnum:
    return get_model_weights(encoder.value)["DEFAULT"]


def cached_file(weights: WeightsEnum) -> Path:
    """Where torch.hub keeps these weights, whether they are there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(weights.url).path).name


def _state_dict(weights: WeightsEnum) -> dict[str, torch.Tensor]:
    if os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0") and not cached_file(weights).is_file():
        raise OSError(f"{OFFLINE_VARIABLE} is set and {cached_file(weights)} is not there")
    return weights.get_state_dict(progress=False, check_hash=True, weights_only=True, map_location="cpu")


@contextmanager
def _network_timeout(seconds: float) -> Iterator[None]:
    """torch.hub connects without a timeout: a network that swallows packets would hold a run for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _reason(error: Exception) -> str:
    if isinstance(error, URLError):
        return f"no network: {error.reason}"
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
