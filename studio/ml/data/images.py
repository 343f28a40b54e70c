"""The labelled images of one split at one size: all on the device or in memory where they fit, else a batch at a time,
out of a file of decoded ones or anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import torch
from torch import Tensor

from studio.core.errors import UnreadableImage
from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoded_items import DecodedItems, open_decoded_items
from studio.ml.data.decoded_room import DecodedRoom
from studio.ml.data.decoding import Decoder, Warn, bytes_per_item
from studio.ml.data.images_in_memory import ImagesInMemory
from studio.ml.data.read_ahead import ReadAhead
from studio.ml.data.streamed_images import StreamedImages
from studio.ml.data.threads import Report, background_threads, each_in_threads
from studio.ml.device import free_device_memory

FALLBACK_LIMIT: Final = 4 * 2**30
"""Bytes for decoded images where the machine does not say how much memory it has."""

MEMORY_SHARE: Final = 0.4
"""The part of the machine's memory that a run's decoded images may take."""

DEVICE_SHARE: Final = 0.2
"""The part of a GPU's free memory that the decoded images of a split may take: the rest is for the network."""


class LabelledImages(Protocol):
    """Rows of decoded items. `items[row]` is the snapshot's entry of a row."""

    items: list[SnapshotItem]

    def fetch(self, rows: Sequence[int], *, alone: bool = False) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, H, W) uint8 in channels-last layout, and targets (n, …). `alone` takes back what was
        announced, and nothing else is read because of it."""
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
    device: torch.device | None = None,
    room: DecodedRoom | None = None,
) -> LabelledImages:
    """Keep `items` once they are decoded: on `device` when it has memory of its own and room in it, in memory when they
    take at most `limit` bytes, else in a file in `room`, of which a batch at a time is read. Where that has no room
    either, decode batch by batch.

    A picture without a header that can be read gets a warning and is left out; one that turns out broken later gets a
    warning and teaches nothing. A label that does not fit its picture or the classes raises BadMask naming its file:
    from here where a batch at a time is read, else from the next `fetch` after it was read. `check` may raise to give
    up early. `ahead` reads what is not asked for yet; several splits may share it, the first goes first.
    """
    needed = len(items) * bytes_per_item(decoder)
    on_device = device is not None and needed <= free_device_memory(device) * DEVICE_SHARE
    if on_device or needed <= limit:
        usable = _readable(decoder, items, is_checked=lambda item: True, warn=warn, report=report, check=check)
        ahead = ahead or ReadAhead(background_threads())
        place = device if on_device and device is not None else torch.device("cpu")
        return ImagesInMemory(decoder, usable, ahead=ahead, warn=warn, report=report, check=check, place=place)
    kept = open_decoded_items(decoder, room, count=len(items), warn=warn) if room is not None else None
    try:
        usable = _readable(decoder, items, is_checked=_is_kept(kept), warn=warn, report=report, check=check)
        if kept is not None:
            kept.make_room(usable)
    except BaseException:
        if kept is not None:
            kept.close()
        raise
    return StreamedImages(decoder, usable, warn=warn, kept=kept)


def _is_kept(kept: DecodedItems | None) -> Callable[[SnapshotItem], bool]:
    return (lambda item: False) if kept is None else kept.has


def _readable(
    decoder: Decoder,
    items: Sequence[SnapshotItem],
    *,
    is_checked: Callable[[SnapshotItem], bool],
    warn: Warn,
    report: Report,
    check: Callable[[], None],
) -> list[SnapshotItem]:
    """The items whose picture has a header. A label that is not `is_checked` is read once, to complain before the
    training."""
    unreadable: dict[int, str] = {}

    def look(row: int) -> None:
        try:
            decoder.original(items[row])
            if not is_checked(items[row]):
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
