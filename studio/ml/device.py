"""Where a run computes, in which precision, and with how many cores."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from studio.core.errors import BadInput
from studio.core.recipe import Precision
from studio.core.settings import Task


def choose_device(name: str) -> torch.device:
    """`auto` takes CUDA, then Apple's GPU, then the processor. Raises BadInput where the named device is missing."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in available.items() if there)
    if not available.get(name.partition(":")[0], False):
        raise BadInput(f"This machine has no {name} device that PyTorch can use; choose auto or cpu.")
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """For people: `cuda (NVIDIA …)`, `cpu (2 threads)`."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu ({threads} {'thread' if threads == 1 else 'threads'})"
    return device.type


def usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_precision(wanted: Precision, device: torch.device, warn: Callable[[str], None], *, task: Task) -> Precision:
    """The precision that a run really uses; `warn` gets a sentence where an explicit choice cannot be had."""
    if wanted is Precision.AUTO:
        fast = half_precision(device) if _is_fast_in_half(device, task) else None
        return fast or Precision.FLOAT32
    if wanted is Precision.FP16 and device.type != "cuda":
        warn(f"Half precision (fp16) is for CUDA devices; this run uses float32 on {device.type}.")
        return Precision.FLOAT32
    if wanted is Precision.BF16 and device.type == "mps":
        warn("bfloat16 is not reliable on Apple's GPU; this run uses float32.")
        return Precision.FLOAT32
    return wanted


def _is_fast_in_half(device: torch.device, task: Task) -> bool:
    """A processor with instructions for bf16 trains a U-Net in two thirds of the time, and the network of texts, which
    is recurrent, in as much as before; one without them converts, and is slower."""
    if device.type == "cpu":
        return task is not Task.TEXT and computes_in_bf16()
    return device.type == "cuda"


def computes_in_bf16() -> bool:
    """Whether this machine's processor has instructions for it (AVX-512 BF16 or AMX). PyTorch says so under names that
    are not promised to stay; without them the answer is no."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(asked() for name in names if (asked := getattr(torch.cpu, name, None)) is not None)


def half_precision(device: torch.device) -> Precision | None:
    """The kind that the device computes reliably in; on a processor it always needs less memory."""
    if device.type == "cuda":
        return Precision.BF16 if torch.cuda.is_bf16_supported(including_emulation=False) else Precision.FP16
    return Precision.BF16 if device.type == "cpu" else None


class MixedPrecision:
    """Autocast for the forward pass, and a scaled loss where fp16 needs it. The weights stay float32."""

    def __init__(self, precision: Precision, device: torch.device) -> None:
        self._device = device
        self._use(precision)

    def _use(self, precision: Precision) -> None:
        self.precision = precision
        self.scaler = GradScaler(self._device.type) if precision is Precision.FP16 else None

    def lower(self) -> bool:
        """Go on in half precision; False where that is so already or the device has none that is reliable."""
        half = half_precision(self._device)
        if half is None or self.precision is not Precision.FLOAT32:
            return False
        self._use(half)
        return True

    def forward(self) -> AbstractContextManager[object]:
        if self.precision is Precision.FLOAT32:
            return nullcontext()
        dtype = torch.bfloat16 if self.precision is Precision.BF16 else torch.float16
        return torch.autocast(self._device.type, dtype=dtype)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss` to those that are there."""
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()

    def apply(self, optimizer: Optimizer) -> None:
        """The optimizer's step on the gradients that are there."""
        if self.scaler is None:
            optimizer.step()
            return
        self.scaler.step(optimizer)
        self.scaler.update()


def free_device_memory(device: torch.device) -> int:
    """Bytes of memory of its own that the device has left; 0 where it shares the computer's."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def give_back_memory(device: torch.device) -> None:
    """Hand what PyTorch keeps for later back to the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def trim_heap() -> None:
    """Hand what the C library keeps of freed memory back to the system, where the library can (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


_NOT_ENOUGH: Final = re.compile(
    r"not enough memory|can't allocate memory|could not create a (primitive$|memory)", re.IGNORECASE | re.MULTILINE
)
"""The CPU allocator's two sentences, and oneDNN's where the memory for a convolution cannot be had."""


def is_out_of_memory(error: BaseException) -> bool:
    """PyTorch says it in three ways: CUDA's class, sentences of what allocates on the CPU, and Python's own error."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and _NOT_ENOUGH.search(str(error)) is not None
