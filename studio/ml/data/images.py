"""The labelled images of one split at one size: all in memory where they fit, else decoded batch by batch."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from studio.core.errors import UnreadableImage
from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoding import Decoder
from studio.ml.data.read_ahead import ReadAhead, Reading
from studio.ml.data.threads import PROGRESS_SECONDS, Report, background_threads, decoding_threads, each_in_threads

FALLBACK_LIMIT: Final = 4 * 2**30
"""Bytes for decoded images where the machine does not say how much memory it has."""

MEMORY_SHARE: Final = 0.4
"""The part of the machine's memory that a run's decoded images may take."""

Warn = Callable[[str], None]


class LabelledImages(Protocol):
    """Rows of decoded items. `items[row]` is the snapshot's entry of a row."""

    items: list[SnapshotItem]

    def fetch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, H, W) uint8 in channels-last layout, and targets (n, …)."""
        ...

    def prefetch(self, rows: Sequence[int]) -> None:
        """Say that these rows will be fetched soon."""
        ...

    def close(self) -> None: ...


def memory_limit() -> int:
    """How many bytes of decoded images may stay in memory: two fifths of the machine's, or 4 GiB where unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return FALLBACK_LIMIT
    return int(total * MEMORY_SHARE)


def load_images(
    decoder: Decoder,
    items: Sequence[SnapshotItem],
    *,
    limit: int,
    warn: Warn,
    report: Report,
    check: Callable[[], None],
    ahead: ReadAhead | None = None,
) -> LabelledImages:
    """Keep `items` in memory once they are decoded when they take at most `limit` bytes, else decode batch by batch.

    A picture without a header that can be read gets a warning and is left out; one that turns out broken later gets a
    warning and teaches nothing. A label that does not fit its picture or the classes raises BadMask naming its file:
    from here where images are decoded batch by batch, else from the next `fetch` after it was read. `check` may raise
    to give up early. `ahead` reads what is not asked for yet; several splits may share it, the first goes first.
    """
    in_memory = len(items) * _bytes_per_item(decoder) <= limit
    usable = _readable(decoder, items, with_labels=not in_memory, warn=warn, report=report, check=check)
    if not in_memory:
        return StreamedImages(decoder, usable, warn=warn)
    ahead = ahead or ReadAhead(background_threads())
    return ImagesInMemory(decoder, usable, ahead=ahead, warn=warn, report=report, check=check)


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
    ) -> None:
        self.items = items
        self._decoder = decoder
        self._ahead = ahead
        self._warn = warn
        self._report = report
        self._check = check
        empty = decoder.task.empty_target(height=decoder.height, width=decoder.width)
        self._pictures = torch.empty((len(items), decoder.height, decoder.width, 3), dtype=torch.uint8)
        self._targets = torch.from_numpy(np.empty((len(items), *empty.shape), empty.dtype))
        self._readings = [Reading(partial(self._decode, row)) for row in range(len(items))]
        self._reported = time.monotonic()
        ahead.add(self._readings)

    def fetch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        self._reported = time.monotonic()
        self._ahead.wait_for([self._readings[row] for row in rows], self._look_up)
        index = torch.as_tensor(rows, dtype=torch.long)
        return self._pictures[index].permute(0, 3, 1, 2), self._targets[index]

    def prefetch(self, rows: Sequence[int]) -> None:
        self._ahead.want([self._readings[row] for row in rows])

    def close(self) -> None:
        self._ahead.close()

    def _decode(self, row: int) -> None:
        picture, target = _decoded(self._decoder, self.items[row], self._warn)
        np.copyto(self._pictures[row].numpy(), picture)  # Pillow's arrays, of pictures of this very size, are read-only
        self._targets[row] = torch.from_numpy(target)

    def _look_up(self) -> None:
        self._check()
        if time.monotonic() - self._reported >= PROGRESS_SECONDS:
            self._reported = time.monotonic()
            self._report(sum(reading.done for reading in self._readings), len(self._readings))


class StreamedImages:
    """Decodes when asked. Holds the batches that were announced and not yet fetched, and nothing else."""

    def __init__(self, decoder: Decoder, items: list[SnapshotItem], *, warn: Warn) -> None:
        self.items = items
        self._decoder = decoder
        self._warn = warn
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(decoding_threads(), thread_name_prefix="decode")
        self._coming: dict[tuple[int, ...], list[Future[tuple[np.ndarray, np.ndarray]]]] = {}

    def prefetch(self, rows: Sequence[int]) -> None:
        key = tuple(rows)
        if key not in self._coming:
            self._coming[key] = [self._pool.submit(self._decode, row) for row in key]

    def fetch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        self.prefetch(rows)
        decoded = [future.result() for future in self._coming.pop(tuple(rows))]
        pictures = torch.from_numpy(np.stack([picture for picture, _ in decoded]))
        return pictures.permute(0, 3, 1, 2), torch.from_numpy(np.stack([target for _, target in decoded]))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._coming.clear()

    def _decode(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        return _decoded(self._decoder, self.items[row], self._warn_once)

    def _warn_once(self, sentence: str) -> None:
        with self._lock:
            if sentence in self._warned:
                return
            self._warned.add(sentence)
        self._warn(sentence)


def _decoded(decoder: Decoder, item: SnapshotItem, warn: Warn) -> tuple[np.ndarray, np.ndarray]:
    """Picture and target of an item; where its picture is broken, a warning and an item that teaches nothing."""
    try:
        return decoder.picture(Path(item.image)), decoder.target(item)
    except UnreadableImage as error:
        warn(error.sentence)
        return decoder.empty()


def _readable(
    decoder: Decoder,
    items: Sequence[SnapshotItem],
    *,
    with_labels: bool,
    warn: Warn,
    report: Report,
    check: Callable[[], None],
) -> list[SnapshotItem]:
    """The items whose picture has a header; `with_labels` reads every label once, to complain before the training."""
    unreadable: dict[int, str] = {}

    def look(row: int) -> None:
        try:
            decoder.original(items[row])
            if with_labels:
                decoder.target(items[row])
        except UnreadableImage as error:
            unreadable[row] = error.sentence

    each_in_threads(look, len(items), report=report, check=check)
    _warn_all(unreadable, warn)
    return [item for row, item in enumerate(items) if row not in unreadable]


def _warn_all(sentences: dict[int, str], warn: Warn) -> None:
    for sentence in _unique(sentences[row] for row in sorted(sentences)):
        warn(sentence)


def _unique(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def _bytes_per_item(decoder: Decoder) -> int:
    target = decoder.task.empty_target(height=decoder.height, width=decoder.width)
    return decoder.height * decoder.width * 3 + target.nbytes
