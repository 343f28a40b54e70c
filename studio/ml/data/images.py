"""The labelled images of one split at one size: all in memory where they fit, else decoded batch by batch."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from studio.core.errors import UnreadableImage
from studio.core.images import image_size
from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoding import Decoder
from studio.ml.device import usable_cores

FALLBACK_LIMIT: Final = 4 * 2**30
"""Bytes for decoded images where the machine does not say how much memory it has."""

MEMORY_SHARE: Final = 0.4
"""The part of the machine's memory that a run's decoded images may take."""

PROGRESS_SECONDS: Final = 0.2

Warn = Callable[[str], None]
Report = Callable[[int, int], None]
"""Called with how many of how many items are done."""


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
) -> LabelledImages:
    """Decode `items` once into memory when they take at most `limit` bytes, else be ready to decode by batch.

    A picture that cannot be read gets a warning and is left out. A label that does not fit its picture or the classes
    raises BadMask naming its file, in both cases before anything is trained. `check` may raise to give up early.
    """
    if len(items) * _bytes_per_item(decoder) <= limit:
        return _load_into_memory(decoder, items, warn=warn, report=report, check=check)
    return StreamedImages(decoder, _readable(decoder, items, warn=warn, report=report, check=check), warn=warn)


class ImagesInMemory:
    def __init__(self, items: list[SnapshotItem], pictures: np.ndarray, targets: np.ndarray) -> None:
        self.items = items
        self._pictures = torch.from_numpy(pictures)
        self._targets = torch.from_numpy(targets)

    def fetch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        index = torch.as_tensor(rows, dtype=torch.long)
        return self._pictures[index].permute(0, 3, 1, 2), self._targets[index]

    def prefetch(self, rows: Sequence[int]) -> None:
        """Nothing to do: every row is here."""

    def close(self) -> None:
        """Nothing to do: no thread and no file is open."""


class StreamedImages:
    """Decodes when asked. Holds the batches that were announced and not yet fetched, and nothing else."""

    def __init__(self, decoder: Decoder, items: list[SnapshotItem], *, warn: Warn) -> None:
        self.items = items
        self._decoder = decoder
        self._warn = warn
        self._warned: set[int] = set()
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
        item = self.items[row]
        try:
            return self._decoder.picture(Path(item.image)), self._decoder.target(item)
        except UnreadableImage as error:
            self._warn_once(item, error)
            return self._decoder.empty()

    def _warn_once(self, item: SnapshotItem, error: UnreadableImage) -> None:
        with self._lock:
            if item.id in self._warned:
                return
            self._warned.add(item.id)
        self._warn(error.sentence)


def decoding_threads() -> int:
    return min(8, usable_cores())


def each_in_threads(work: Callable[[int], None], count: int, *, report: Report, check: Callable[[], None]) -> None:
    """Call `work(0)` … `work(count - 1)` on a few threads; the first error is raised and the rest is dropped."""
    with ThreadPoolExecutor(decoding_threads(), thread_name_prefix="decode") as pool:
        futures = [pool.submit(work, i) for i in range(count)]
        try:
            _wait(futures, report, check)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _wait(futures: list[Future[None]], report: Report, check: Callable[[], None]) -> None:
    reported = time.monotonic()
    for done, future in enumerate(futures, start=1):
        future.result()
        if time.monotonic() - reported >= PROGRESS_SECONDS:
            reported = time.monotonic()
            report(done, len(futures))
        check()
    report(len(futures), len(futures))


def _load_into_memory(
    decoder: Decoder, items: Sequence[SnapshotItem], *, warn: Warn, report: Report, check: Callable[[], None]
) -> ImagesInMemory:
    empty = decoder.task.empty_target(height=decoder.height, width=decoder.width)
    pictures = np.empty((len(items), decoder.height, decoder.width, 3), np.uint8)
    targets = np.empty((len(items), *empty.shape), empty.dtype)
    unreadable: dict[int, str] = {}

    def decode(row: int) -> None:
        try:
            pictures[row] = decoder.picture(Path(items[row].image))
            targets[row] = decoder.target(items[row])
        except UnreadableImage as error:
            unreadable[row] = error.sentence

    each_in_threads(decode, len(items), report=report, check=check)
    if not unreadable:
        return ImagesInMemory(list(items), pictures, targets)
    _warn_all(unreadable, warn)
    rows = [row for row in range(len(items)) if row not in unreadable]
    return ImagesInMemory([items[row] for row in rows], pictures[rows], targets[rows])


def _readable(
    decoder: Decoder, items: Sequence[SnapshotItem], *, warn: Warn, report: Report, check: Callable[[], None]
) -> list[SnapshotItem]:
    """The items whose picture has a header; every label is read once, to complain before the training begins."""
    unreadable: dict[int, str] = {}

    def look(row: int) -> None:
        try:
            image_size(Path(items[row].image))
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
