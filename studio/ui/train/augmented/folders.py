"""The folders that looks are carried out in, below the project's cache. For a background thread."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import time
from pathlib import Path
from typing import Final

from studio.core.atomic import why
from studio.core.errors import CannotWrite, NothingToTrainOn, StudioError
from studio.core.items import LabelState, Split
from studio.core.recipe import RunSpec
from studio.core.run_lock import LOCK_FILE, holding_run, is_held
from studio.store import ItemFilter, Store

LOOKS_FOLDER: Final = Path(".cache") / "looks"

MOST_ITEMS: Final = 12

_MINUTE_SECONDS: Final = 60
"""A folder that is older than this and has no lock is what a process wrote that was killed."""

_DAY_SECONDS: Final = 24 * 3600
"""On a file system without locks, older folders than this are nobody's."""


class LookFolders:
    """One window's room for looks. It is locked while the window is open, so that another window on the same project,
    or the next after a crash, can tell what is left over."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._room: Path | None = None
        self._held = contextlib.ExitStack()
        self._numbers = itertools.count()

    def make(self, spec: RunSpec) -> Path:
        """A new folder with a recipe and a few labelled training items, always the same as long as the labelled ones
        are. Raises StudioError."""
        folder = self._claim() / str(next(self._numbers))
        with Store.open(self._project) as store:
            items = _spread(store.item_ids(ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN,))))
            if not items:
                raise NothingToTrainOn(Split.TRAIN.value)
            try:
                folder.mkdir(parents=True)
                store.freeze(folder, spec, items)
            except OSError as error:
                raise CannotWrite(folder, why(error)) from error
            except StudioError:
                remove(folder)
                raise
        return folder

    def clear(self) -> None:
        """Remove everything and let the room go."""
        self._held.close()
        if self._room is not None:
            remove(self._room)
            self._room = None

    def _claim(self) -> Path:
        if self._room is not None:
            return self._room
        room = self._project / LOOKS_FOLDER / f"{time.time_ns()}-{os.getpid()}"
        try:
            room.mkdir(parents=True)
            self._held.enter_context(holding_run(room))
            self._room = room
            for other in room.parent.iterdir():
                if other != room and _is_left_over(other):
                    remove(other)
        except OSError as error:
            raise CannotWrite(room, why(error)) from error
        return room


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _is_left_over(room: Path) -> bool:
    held = is_held(room)
    if held is not None:
        return not held
    patience = _DAY_SECONDS if (room / LOCK_FILE).exists() else _MINUTE_SECONDS
    return time.time() - room.stat().st_mtime > patience


def _spread(ids: list[int]) -> list[int]:
    """At most `MOST_ITEMS` of the ids, evenly from the first to the last."""
    count = min(MOST_ITEMS, len(ids))
    return [ids[place * len(ids) // count] for place in range(count)]
