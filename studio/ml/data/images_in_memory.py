"""Decoded images that all stay in memory, the computer's or a device's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoding import Decoder, Warn, decode_item
from studio.ml.data.read_ahead import ReadAhead, Reading
from studio.ml.data.threads import PROGRESS_SECONDS, Report


class ImagesInMemory:
    """Every item is decoded once, in the background or when it is first fetched, and then stays."""

    def __init__(
        self,
        decoder: Decoder,
        items: list[SnapshotItem],
        *,
        ahead: ReadAhead,
        warn: Warn,
        report: Report,
        check: Callable[[], None],
        place: torch.device,
    ) -> None:
        """`place` is the device that they lie on."""
        self.items = items
        self._decoder = decoder
        self._ahead = ahead
        self._warn = warn
        self._report = report
        self._check = check
        empty = decoder.task.empty_target(height=decoder.height, width=decoder.width)
        self._place = place
        self._pictures = torch.empty((len(items), decoder.height, decoder.width, 3), dtype=torch.uint8, device=place)
        self._targets = torch.from_numpy(np.empty((len(items), *empty.shape), empty.dtype)).to(place)
        self._readings = [Reading(partial(self._decode, row)) for row in range(len(items))]
        self._reported = time.monotonic()
        ahead.add(self._readings)

    def fetch(self, rows: Sequence[int], *, alone: bool = False) -> tuple[Tensor, Tensor]:
        self._reported = time.monotonic()
        self._ahead.wait_for([self._readings[row] for row in rows], self._look_up, alone=alone)
        index = torch.as_tensor(rows, dtype=torch.long, device=self._place)
        return self._pictures[index].permute(0, 3, 1, 2), self._targets[index]

    def prefetch(self, rows: Sequence[int]) -> None:
        self._ahead.want([self._readings[row] for row in rows])

    def close(self) -> None:
        self._ahead.close()

    def _decode(self, row: int) -> None:
        decoded = decode_item(self._decoder, self.items[row], self._warn)
        self._pictures[row].copy_(torch.from_numpy(decoded.picture))
        self._targets[row] = torch.from_numpy(decoded.target)

    def _look_up(self) -> None:
        self._check()
        if time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reported = time.monotonic()
            self._report(sum(reading.done for reading in self._readings), len(self._readings))
