"""The process that cuts a huge picture into tiles: `studio make-tiles …`.

A process of its own, because a decoder that crashes on a broken file or needs much memory must not take the window with
it, and because it can stand back, or be ended at once, when the person goes on. It says what there is to show, one JSON
line at a time.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import why
from studio.core.errors import CannotWrite, StudioError
from studio.core.picture_bands import open_bands, read_small
from studio.core.pyramid import OVERVIEW_SIDE, TILE, PyramidWriter
from studio.core.pyramid_cache import Finished, PyramidCache

NICENESS: Final = 10
"""How far the process stands back once nobody waits for it."""
_PREVIEWED: Final = frozenset({".jpg", ".jpeg"})
"""Pictures that can be decoded at a fraction of their size much faster than as a whole."""


class Began(msgspec.Struct, frozen=True, tag="began", tag_field="event", kw_only=True):
    """Tiles are written into `folder` from now on, in the layout that `plan` gives."""

    folder: str
    plan: Finished


class Previewed(msgspec.Struct, frozen=True, tag="previewed", tag_field="event", kw_only=True):
    """`file` holds the whole picture small, (height, width, 3) uint8 RGB, upright. To be deleted once read."""

    file: str
    width: int
    height: int


class Wrote(msgspec.Struct, frozen=True, tag="wrote", tag_field="event", kw_only=True):
    """So many rows of tiles of the largest level are in the file."""

    rows: int


class Done(msgspec.Struct, frozen=True, tag="done", tag_field="event", kw_only=True):
    pass


class Broke(msgspec.Struct, frozen=True, tag="broke", tag_field="event", kw_only=True):
    sentence: str


Report = Began | Previewed | Wrote | Done | Broke


def make_pyramid(
    picture: Path,
    cache: PyramidCache,
    report: Callable[[Report], object],
    *,
    tile: int = TILE,
    overview_side: int = OVERVIEW_SIDE,
) -> None:
    """Cut `picture` into tiles in its folder of `cache`, which is not pruned: that is left to who knows
    what is shown. Raises UnreadableImage, CannotWrite."""
    bands = open_bands(picture)
    folder = cache.folder_of(picture)
    name = f"pixels-{os.getpid()}"
    plan = Finished(
        pixels=name,
        width=bands.width,
        height=bands.height,
        orientation=bands.orientation,
        tile=tile,
        overview_side=overview_side,
    )
    pixels = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with pixels.open("wb") as file:
            report(Began(folder=str(folder), plan=plan))
            if picture.suffix.lower() in _PREVIEWED:
                _preview(picture, folder / f"preview-{os.getpid()}", overview_side // 2, report)
            writer = PyramidWriter(file, plan.layout, lambda rows: report(Wrote(rows=rows)))
            for band in bands.read(tile):
                writer.add(band)
        kept = _finish(cache, folder, plan)
    except BaseException as error:
        with contextlib.suppress(OSError):
            pixels.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise CannotWrite(folder, why(error)) from error
        raise
    for other in folder.glob("pixels-*"):
        if other.name != kept and (other.name == name or cache.is_abandoned(other)):
            with contextlib.suppress(OSError):  # a window that still shows it may keep it from being deleted
                other.unlink(missing_ok=True)
    report(Done())


def _finish(cache: PyramidCache, folder: Path, plan: Finished) -> str:
    """The name of the tiles that are kept: those of another window, where it was faster. Raises CannotWrite."""
    faster = cache.find(folder)
    if faster is None:
        cache.finish(folder, plan)
    return (faster or plan).pixels


def _preview(picture: Path, file: Path, side: int, report: Callable[[Report], object]) -> None:
    pixels = read_small(picture, side)
    file.write_bytes(pixels.data)
    report(Previewed(file=str(file), width=pixels.shape[1], height=pixels.shape[0]))


def main(arguments: Sequence[str]) -> int:
    """What `studio make-tiles PICTURE CACHE TILE OVERVIEW_SIDE` runs; returns the exit code."""
    picture, root = map(Path, arguments[:2])
    tile, side = map(int, arguments[2:])
    try:
        make_pyramid(picture, PyramidCache(root), _say, tile=tile, overview_side=side)
    except BrokenPipeError:  # the window is gone
        return 1
    except StudioError as error:
        _say(Broke(sentence=error.sentence))
        return error.exit_code
    return 0


def _say(report: Report) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()
    if isinstance(report, Wrote) and report.rows == 1 and hasattr(os, "nice"):
        os.nice(NICENESS)  # there is something to see; from here on the window comes first
