"""Whether ImageNet weights lie on this computer already, told without loading PyTorch."""

from __future__ import annotations

import os
from pathlib import Path


def has_imagenet_weights(encoder: str) -> bool:
    """Whether torchvision's file of the encoder is in torch.hub's cache, or timm's in that of its hub."""
    package, slash, name = encoder.rpartition("/")
    if slash:
        return any(_hub().glob(f"models--{package}--{name}[.]*/snapshots/*/model.safetensors"))
    return any(_checkpoints().glob(f"{encoder}-*.pth"))


def _checkpoints() -> Path:
    """As `torch.hub.get_dir` finds it: TORCH_HOME, else XDG_CACHE_HOME/torch, else ~/.cache/torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return Path(os.environ.get("TORCH_HOME") or cache / "torch").expanduser() / "hub" / "checkpoints"


def _hub() -> Path:
    """As the hub's client finds it: HF_HUB_CACHE, else below HF_HOME, else below ~/.cache."""
    home = Path(os.environ.get("HF_HOME") or Path("~/.cache/huggingface").expanduser())
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
