"""Which device a run will probably get, found without loading PyTorch, so that a recipe's defaults fit it."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from pathlib import Path

from studio.core.errors import BadInput

_NVIDIA = {"linux": "/dev/nvidiactl", "win32": "C:/Windows/System32/nvcuda.dll"}

_ANY_CUDA = {"linux": ("/dev/nvidiactl", "/dev/dxg", "/dev/nvmap"), "win32": (_NVIDIA["win32"],)}
"""What a driver leaves behind: NVIDIA's own, the one of Windows' Linux, and that of boards with the GPU on the chip."""

_DEVICES = Path("/dev")
_GPUS = Path("/proc/driver/nvidia/gpus")
"""Where Linux's driver has a folder for each GPU."""


def likely_device() -> str:
    """cuda, mps or cpu: an NVIDIA driver beside a PyTorch built for CUDA, Apple's own processor, or neither.

    A guess that only chooses defaults; the worker decides, and says so in its `Started` event.
    """
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    driver = _NVIDIA.get(sys.platform)
    return "cuda" if driver and Path(driver).exists() and _torch_is_built_for("cuda") else "cpu"


def require_device(name: str) -> None:
    """Raises BadInput for a device, such as `cuda` or `cuda:1`, that this machine surely does not have. What cannot be
    told without PyTorch passes, and the worker decides."""
    if _is_surely_missing(name.partition(":")[0]):
        raise BadInput(f"This machine has no {name} device that PyTorch can use; choose auto or cpu.")


def _is_surely_missing(kind: str) -> bool:
    if kind == "mps":
        return sys.platform != "darwin"
    if kind == "cuda":  # which is also what PyTorch calls AMD's
        has_driver = any(Path(file).exists() for file in _ANY_CUDA.get(sys.platform, ()))
        has_gpu = has_driver and not _has_only_a_driver()
        return not (_torch_is_built_for("hip") or (has_gpu and _torch_is_built_for("cuda")))
    return kind not in ("auto", "cpu")


def _has_only_a_driver() -> bool:
    """Whether Linux has NVIDIA's driver and neither a device file nor an entry of it for any GPU."""
    if not (_DEVICES / "nvidiactl").exists() or (_DEVICES / "dxg").exists() or (_DEVICES / "nvmap").exists():
        return False
    return not any(_DEVICES.glob("nvidia[0-9]*")) and not (_GPUS.is_dir() and any(_GPUS.iterdir()))


def _torch_is_built_for(kind: str) -> bool:
    """What PyTorch's version file says of `cuda` or `hip`."""
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return False
    version = Path(torch.origin).with_name("version.py")
    if not version.is_file():
        return False
    return re.search(rf"^{kind}\b.*=\s*['\"]\d", version.read_text("utf-8"), re.MULTILINE) is not None
