"""How large a batch should be on this device: real steps of growing size, which leave no trace in the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.optim import Optimizer

from studio.core.recipe import Stage
from studio.ml.accumulation import accumulate, most_parts
from studio.ml.data.batches import Batch, SplitBatches
from studio.ml.device import MixedPrecision, give_back_memory, is_out_of_memory
from studio.ml.free_memory import free_memory
from studio.ml.lr_finder import preserved_network
from studio.ml.memory_peak import memory_peak
from studio.ml.memory_use import memory_use
from studio.ml.objectives import Objective
from studio.ml.random_state import preserved_random_state

SMALLEST: Final = 2
LARGEST: Final = 1024
STEPS: Final = 3
"""At each size, of which the first is not timed: it brings buffers and chooses algorithms."""

SLOW: Final = 1.0
"""Seconds of a step beside which that is nothing, so that one step is enough."""

SECONDS: Final = 10.0
"""A size that would take longer than what is left of them is not tried, from `USUAL` on."""

USUAL: Final = 8
"""Up to here sizes are tried however slow the device is: of smaller ones alone the best would be poor."""

RESERVE: Final = 0.15
"""The part of the free memory that stays free: later batches, validation and other programs need some."""

AS_FAST: Final = 0.95
"""A smaller batch that makes this much of the best speed takes more steps in an epoch for the same time."""


@dataclass(frozen=True)
class Tried:
    """`memory` in bytes, the most during a step, with everything that the run holds; None where the device does not say
    it."""

    batch_size: int
    fits: bool
    images_per_second: float = 0.0
    memory: int | None = None


def probe_batch_size(
    network: nn.Module,
    *,
    objective: Objective,
    batches: SplitBatches,
    precision: MixedPrecision,
    make_optimizer: Callable[[nn.Module], Optimizer],
    device: torch.device,
    on_tried: Callable[[Tried], None],
    check: Callable[[], None],
    parts: int = 1,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Tried]:
    """Train a few steps with batches of 2, 4, 8, … items, in `parts` each, until they do not fit into memory, an epoch
    has no batch so large, a size twice as large is no faster, or the next would take longer than `seconds` in all.

    Whatever happens (also an error, or `check` raising StopRequested), the network and all random generators are
    afterwards bit for bit what they were, and the optimizer is one of the probe's own. Raises the error of a batch of
    `SMALLEST` that does not fit into memory.
    """
    tried: list[Tried] = []
    began = clock()
    with preserved_network(network), preserved_random_state():
        trying = _Trying(network, objective, precision, make_optimizer(network), device, parts, clock)
        for size in _sizes():
            check()
            size_began = clock()
            batch = batches.of_size(size)
            if len(batch.rows) < size and tried:
                break
            tried.append(trying.at(size, batch))
            on_tried(tried[-1])
            now = clock()
            too_long = size >= USUAL and now - began + 2 * (now - size_began) > seconds
            if too_long or not tried[-1].fits or _is_flat(tried) or trying.next_is_too_large(tried):
                break
    return tried


def best_size(tried: Sequence[Tried]) -> int:
    """The smallest that is about as fast as the fastest. Raises ValueError where none fits."""
    fitting = [one for one in tried if one.fits]
    if not fitting:
        raise ValueError("no batch fits into memory")
    fastest = max(one.images_per_second for one in fitting)
    return next(one.batch_size for one in fitting if one.images_per_second >= AS_FAST * fastest)


def found_sentence(tried: Sequence[Tried], stage: Stage) -> str:
    """Why the best size is the best."""
    best = best_size(tried)
    speed = next(one.images_per_second for one in tried if one.batch_size == best)
    unit = "texts" if stage.height == 1 else "images"
    fastest = max(one.images_per_second for one in tried if one.fits)
    said = f"A batch of {best} {stage.size_in_words}: {speed:.3g} {unit} a second, {speed / fastest:.0%} of the fastest"
    if not tried[-1].fits:
        return f"{said}; a batch of {tried[-1].batch_size} does not fit into memory with a reserve."
    return f"{said}; tried up to {tried[-1].batch_size}."


def _sizes() -> Iterator[int]:
    size = SMALLEST
    while size <= LARGEST:
        yield size
        size *= 2


def _is_flat(tried: Sequence[Tried]) -> bool:
    """Whether doubling has brought nothing twice in a row."""
    speeds = [one.images_per_second for one in tried]
    return len(speeds) > 2 and max(speeds[-2:]) < max(speeds[:-2]) / AS_FAST


@dataclass
class _Trying:
    network: nn.Module
    objective: Objective
    precision: MixedPrecision
    optimizer: Optimizer
    device: torch.device
    parts: int
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self.network.train()
        self._free = free_memory(self.device)
        self._before = memory_use(self.device).most or 0

    def at(self, size: int, batch: Batch) -> Tried:
        with memory_peak(self.device) as peak:
            seconds = self._seconds(batch)
        used = peak.most
        give_back_memory(self.device)
        if seconds is None and size > SMALLEST:
            return Tried(size, fits=False)
        assert seconds is not None  # the smallest raises
        fits = size == SMALLEST or self._leaves_reserve(used)
        return Tried(size, fits=fits, images_per_second=len(batch.rows) / seconds, memory=used)

    def next_is_too_large(self, tried: Sequence[Tried]) -> bool:
        """Whether a batch twice as large would take what shall stay free, going by what this one took; on a computer
        whose memory is full other programs die, so there it is not tried."""
        used = tried[-1].memory
        if used is None or self.device.type != "cpu":
            return False
        return not self._leaves_reserve(self._before + 2 * max(0, used - self._before))

    def _leaves_reserve(self, used: int | None) -> bool:
        if used is None or self._free is None:
            return True
        return used - self._before <= (1 - RESERVE) * self._free

    def _seconds(self, batch: Batch) -> float | None:
        """Of a step; None where the batch does not fit into memory and another might."""
        times: list[float] = []
        try:
            for _ in range(STEPS):
                began = self.clock()
                self._step(batch)
                times.append(self.clock() - began)
                if times[-1] > SLOW:
                    break
        except Exception as error:
            if not is_out_of_memory(error) or len(batch.rows) <= SMALLEST:
                raise
            return None
        finally:
            self.optimizer.zero_grad(set_to_none=True)
        return min(times[1:] or times)

    def _step(self, batch: Batch) -> None:
        """At a rate of 0, so that many steps on one batch lead nowhere; its cost is that of any other."""
        for group in self.optimizer.param_groups:
            group["lr"] = 0.0
        self.optimizer.zero_grad(set_to_none=True)
        accumulate(self.network, self.objective, self.precision, batch, parts=min(self.parts, most_parts(batch)))
        self.precision.apply(self.optimizer)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
