"""Which device a run will probably get, found without loading PyTorch, so that a recipe's defaults fit it."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from pathlib import Path

_NVIDIA = {"linux": "/dev/nvidiactl", "win32": "C:/Windows/System32/nvcuda.dll"}


def likely_device() -> str:
    """cuda, mps or cpu: an NVIDIA driver beside a PyTorch built for CUDA, Apple's own processor, or neither.

    A guess that only chooses defaults; the worker decides, and says so in its `Started` event.
    """
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    driver = _NVIDIA.get(sys.platform)
    return "cuda" if driver and Path(driver).exists() and _torch_has_cuda() else "cpu"


def _torch_has_cuda() -> bool:
    """What PyTorch's version file says it was built for."""
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return False
    version = Path(torch.origin).with_name("version.py")
    return (
        version.is_file() and re.search(r"^cuda\b.*=\s*['\"]\d", version.read_text("utf-8"), re.MULTILINE) is not None
    )
