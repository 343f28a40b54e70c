"""How much memory there is to be had: of a device's own, or of the computer's."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from studio.ml.device import free_device_memory


def free_memory(device: torch.device) -> int | None:
    """Bytes that a run could take on top of what it holds; None where the system does not say it."""
    if device.type == "cuda":
        return free_device_memory(device) + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
