"""The ImageNet weights of timm's models: a safetensors file from the hub's cache, or from the hub where there is a
network. The pickles that lie beside it are never read."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlparse
from urllib.request import getproxies

from safetensors import SafetensorError

from studio.ml.imagenet import CONNECT_SECONDS, OFFLINE_VARIABLE, is_offline, reason_of
from studio.ml.models.timm_encoders import TimmEncoder, known_name, make_timm_encoder, timm_package

WEIGHTS_FILE: Final = "model.safetensors"

_UNAVAILABLE = (OSError, RuntimeError, ValueError, KeyError, SafetensorError)


def pretrained_timm_encoder(name: str) -> tuple[TimmEncoder, str, bool]:
    """The encoder, one sentence on where its weights come from, and whether that is ImageNet.

    Where they cannot be had it starts from scratch, and the sentence says why. Raises as `make_timm_encoder` does.
    """
    timm = timm_package()
    config = timm.get_pretrained_cfg(known_name(timm, name))
    try:
        if config is None or not config.hf_hub_id:
            raise OSError("timm names no file of weights for it")
        encoder = make_timm_encoder(name, weights=_weights_file(config.hf_hub_id))
    except _UNAVAILABLE as error:
        sentence = f"From scratch: the ImageNet weights of {name} cannot be had ({reason_of(error)})."
        return make_timm_encoder(name), sentence, False
    return encoder, f"From ImageNet ({name}, timm's {config.tag or 'weights'}).", True


def _weights_file(hub_name: str) -> str:
    """Raises OSError where the file is not in the cache and cannot be fetched."""
    from huggingface_hub import constants, hf_hub_download  # noqa: PLC0415 - comes with timm
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return hf_hub_download(hub_name, WEIGHTS_FILE, local_files_only=True)
    except LocalEntryNotFoundError as error:
        if is_offline():
            raise OSError(f"{OFFLINE_VARIABLE} is set and {WEIGHTS_FILE} of {hub_name} is not there") from error
    _require_network(constants.ENDPOINT)
    return hf_hub_download(hub_name, WEIGHTS_FILE)


def _require_network(address: str) -> None:
    """The hub's own client tries for half a minute where there is no network. Raises OSError."""
    place = urlparse(address)
    if place.scheme in getproxies():
        return
    try:
        socket.create_connection((place.hostname or "", place.port or 443), CONNECT_SECONDS).close()
    except OSError as error:
        raise OSError(f"no network: {error}") from error
