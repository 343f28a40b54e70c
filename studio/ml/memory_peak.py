"""The most memory that a piece of work takes while it goes on, which is more than what is left of it afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from studio.ml.memory_use import memory_use

EVERY_SECONDS: Final = 0.005
"""Between two looks, where the system keeps no peak: a step that is shorter needs little memory."""

_PROCESS: Final = Path("/proc/self")
_FORGET_PEAK: Final = "5"
"""What `clear_refs` takes for it (Linux, Documentation/filesystems/proc.rst)."""


@dataclass
class Peak:
    """In bytes, as `memory_use` tells it; None where that cannot be told."""

    most: int | None = None


@contextmanager
def memory_peak(device: torch.device) -> Iterator[Peak]:
    """Its `most` is known when the block ends, however it ends. On a processor it is the process's resident memory, of
    which Linux keeps the peak; where it does not, and for MPS, a thread looks."""
    peak = Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        try:
            yield peak
        finally:
            peak.most = memory_use(device).most
    elif device.type == "cpu" and _forget_peak():
        try:
            yield peak
        finally:
            peak.most = _kept_peak()
    else:
        with _looking(device, peak):
            yield peak


def _forget_peak() -> bool:
    """Let the kept peak begin anew with what the process takes now. False where the system does not do that."""
    try:
        (_PROCESS / "clear_refs").write_text(_FORGET_PEAK, encoding="ascii")
    except OSError:
        return False
    return _kept_peak() is not None


def _kept_peak() -> int | None:
    try:
        for line in (_PROCESS / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


@contextmanager
def _looking(device: torch.device, peak: Peak) -> Iterator[None]:
    is_over = threading.Event()

    def look() -> None:
        while True:
            now = memory_use(device).most
            if now is not None:
                peak.most = max(now, peak.most or 0)
            if is_over.wait(EVERY_SECONDS):
                return

    thread = threading.Thread(target=look, name="memory-peak", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
