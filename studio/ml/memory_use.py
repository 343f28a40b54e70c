"""How much memory a run takes: of the GPU, or of the computer where there is none."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

EVERY_SECONDS: Final = 0.5


@dataclass(frozen=True)
class MemoryUse:
    """In bytes. `most` is the most that tensors have taken on the GPU, or what the process takes; `reserved` is what
    PyTorch holds of a GPU. None where that cannot be told."""

    most: int | None = None
    reserved: int | None = None


class MemoryMeter:
    """Looks twice a second at most, because asking a GPU's allocator takes a tenth of a millisecond."""

    def __init__(self) -> None:
        self._next = 0.0

    def measure(self, device: torch.device) -> MemoryUse:
        """Nothing where it has just been measured."""
        now = time.perf_counter()
        if now < self._next:
            return MemoryUse()
        self._next = now + EVERY_SECONDS
        return memory_use(device)


def memory_use(device: torch.device) -> MemoryUse:
    if device.type == "cuda":
        return MemoryUse(torch.cuda.max_memory_allocated(device), torch.cuda.memory_reserved(device))
    if device.type == "mps":
        return MemoryUse(torch.mps.current_allocated_memory(), torch.mps.driver_allocated_memory())
    return MemoryUse(_process_bytes())


def _process_bytes() -> int | None:
    """The process's resident memory; its peak on a system that tells no more, None on one that tells nothing."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if sys.platform == "win32":
            return None
        import resource  # noqa: PLC0415 - Windows has none

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
