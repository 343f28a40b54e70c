"""Items that are on both sides of the split under two names: a model that knows one by heart seems to know the other.

Pictures are compared by a difference hash (dHash: which of two neighbours in a 9×8 grid is brighter) and, where that
agrees, by their grey values on a 16×16 grid; documents by their words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.images import read_image
from studio.core.items import Item, Split
from studio.core.texts import read_document
from studio.preflight.findings import Finding, Fix, FixKind
from studio.preflight.wording import items_in_words, names_in_words

_SIDE: Final = 256
"""Pixels to which a picture is read: more would not change the grid."""

_GRID: Final = 16
_MOST_BITS: Final = 4
"""Of 64, by which the hashes of near-duplicates may differ."""

_MOST_GREY: Final = 3.0
"""Mean difference of grey values, of 255: what another compression or size does to a picture, not another moment."""

_HASH_BYTES: Final = 8
_AT_A_TIME: Final = 1024
"""Pictures with a like hash whose grey values are compared at once: of a fixed camera that may be all."""


class Look(Protocol):
    """What is remembered of the items of either side."""

    def fingerprint(self, item: Item) -> NDArray[np.uint8]:
        """Raises StudioError where the file cannot be read."""
        ...

    def twin_in(self, train: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], int | None]:
        """What finds, for one fingerprint, the place of the first in `train` that is alike."""
        ...


class PictureLook:
    def fingerprint(self, item: Item) -> NDArray[np.uint8]:
        """(264,) uint8: 8 bytes of hash and 256 grey values."""
        grey = cv2.cvtColor(read_image(item.path, max_side=_SIDE), cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
        bits = np.packbits(small[:, 1:] > small[:, :-1])
        grid = cv2.resize(grey, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
        return np.concatenate([bits, grid.reshape(-1)], dtype=np.uint8)

    def twin_in(self, train: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], int | None]:
        hashes = _hashes(train)

        def find(one: NDArray[np.uint8]) -> int | None:
            alike = np.flatnonzero(np.bitwise_count(hashes ^ _hashes(one[None])) <= _MOST_BITS)
            for start in range(0, len(alike), _AT_A_TIME):
                places = alike[start : start + _AT_A_TIME]
                apart = np.abs(train[places, _HASH_BYTES:].astype(np.int16) - one[_HASH_BYTES:]).mean(axis=1)
                close = np.flatnonzero(apart <= _MOST_GREY)
                if len(close):
                    return int(places[close[0]])
            return None

        return find


class DocumentLook:
    def fingerprint(self, item: Item) -> NDArray[np.uint8]:
        """(16,) uint8: a digest of the words, whatever stands between them."""
        words = " ".join(read_document(item.path).split()).casefold()
        return np.frombuffer(hashlib.blake2b(words.encode(), digest_size=16).digest(), np.uint8)

    def twin_in(self, train: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], int | None]:
        place = {row.tobytes(): number for number, row in reversed(list(enumerate(train)))}
        return lambda one: place.get(one.tobytes())


class Twins:
    def __init__(self, look: Look) -> None:
        self._look = look
        self._items: dict[Split, list[Item]] = {Split.TRAIN: [], Split.VALID: []}
        self._prints: dict[Split, list[NDArray[np.uint8]]] = {Split.TRAIN: [], Split.VALID: []}

    def add(self, item: Item) -> None:
        """Raises StudioError where the item's file cannot be read."""
        self._prints[item.split].append(self._look.fingerprint(item))
        self._items[item.split].append(item)

    def findings(self, cancelled: Callable[[], bool]) -> list[Finding]:
        pairs = self._pairs(cancelled)
        if not pairs:
            return []
        names = [f"{valid.name} and {train.name}" for valid, train in pairs]
        copies = tuple(valid.id for valid, _ in pairs)
        some = f"{items_in_words(len(pairs))} of validation {'is' if len(pairs) == 1 else 'are'} nearly the same as one"
        fixes = [Fix(kind=FixKind.LEAVE_OUT, words=f"Leave {len(copies):,} out", items=copies)]
        if len(copies) < len(self._items[Split.VALID]):
            fixes.insert(0, Fix(kind=FixKind.TO_TRAIN, words=f"Move {len(copies):,} to train", items=copies))
        return [
            Finding(
                sentence=f"{some} of training, so the metrics promise too much: {names_in_words(names)}.",
                items=tuple(each for valid, train in pairs for each in (valid.id, train.id)),
                fixes=tuple(fixes),
            )
        ]

    def _pairs(self, cancelled: Callable[[], bool]) -> Sequence[tuple[Item, Item]]:
        valid, train = self._items[Split.VALID], self._items[Split.TRAIN]
        if not valid or not train:
            return []
        find = self._look.twin_in(np.stack(self._prints[Split.TRAIN]))
        pairs: list[tuple[Item, Item]] = []
        for item, one in zip(valid, self._prints[Split.VALID], strict=True):
            if cancelled():
                break
            if (place := find(one)) is not None:
                pairs.append((item, train[place]))
        return pairs


def _hashes(prints: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(prints[:, :_HASH_BYTES]).view(np.uint64)[:, 0]
