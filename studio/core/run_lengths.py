"""Run lengths of binary masks as COCO writes them: column by column, runs of 0 and 1 in turn, beginning with 0.

The compressed form is text: each length as a signed number in groups of five bits, least significant first, 48 added to
each group; from the third length on the difference to the length two before is written (pycocotools, `maskApi.c`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.arrays import Region

_MORE = 0x20
_SIGN = 0x10
_FIRST = 48


def lengths_of(region: Region) -> list[int]:
    """The run lengths of a (H, W) bool region; they add up to H·W."""
    flat = region.ravel(order="F")
    if not flat.size:
        return []
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    ends = np.concatenate([[0], turns, [flat.size]])
    lengths = np.diff(ends).tolist()
    return [0, *lengths] if flat[0] else lengths


def region_from(lengths: Sequence[int], width: int, height: int) -> Region:
    """The (height, width) bool region with these run lengths. Raises ValueError where they do not fill it."""
    if any(length < 0 for length in lengths) or sum(lengths) != width * height:
        raise ValueError(f"the run lengths add up to {sum(lengths):,} pixels and not to {width}×{height}")
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape((height, width), order="F")


def compress(lengths: Sequence[int]) -> str:
    """Run lengths as text."""
    text = bytearray()
    for place, length in enumerate(lengths):
        number = length - lengths[place - 2] if place > 2 else length
        while True:
            group = number & 0x1F
            number >>= 5
            more = number != (-1 if group & _SIGN else 0)
            text.append((group | _MORE if more else group) + _FIRST)
            if not more:
                break
    return text.decode("ascii")


def expand(text: str) -> list[int]:
    """The inverse of `compress`. Raises ValueError for text that is no such list."""
    lengths: list[int] = []
    number = shift = 0
    for code in map(ord, text):
        group = code - _FIRST
        if not 0 <= group < 2 * _MORE or shift > 60:
            raise ValueError(f"{chr(code)!r} is no part of compressed run lengths")
        number |= (group & 0x1F) << shift
        shift += 5
        if group & _MORE:
            continue
        if group & _SIGN:
            number -= 1 << shift
        lengths.append(number + lengths[-2] if len(lengths) > 2 else number)
        number = shift = 0
    if shift:
        raise ValueError("the compressed run lengths are cut off")
    return lengths
