"""From labels to shapes: what an item's annotations are now, and an account of what a format could not hold."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import msgspec
import numpy as np

from studio.core.classes import UNLABELLED
from studio.core.settings import ProjectSettings
from studio.core.shape_changes import ShapesNow, shapes_now
from studio.formats.exports import ExportedItem
from studio.formats.shape_import import is_background


def background_id(settings: ProjectSettings) -> int:
    """The class that is called background, which becomes no shape; `UNLABELLED` where there is none."""
    return next((c.id for c in settings.classes if is_background(c.name)), UNLABELLED)


def item_shapes(settings: ProjectSettings, exported: ExportedItem) -> ShapesNow | None:
    """The shapes of an item's mask, labelled with the names that the project's classes have now; None without a mask.
    Raises ValueError where a carried shape is damaged."""
    if not isinstance(exported.label, np.ndarray):
        return None
    now = shapes_now(exported.label, exported.carried, fill=background_id(settings))
    names = {c.id: c.name for c in settings.classes}
    shapes = (
        msgspec.structs.replace(s, label=names.get(s.class_id, s.label)) if s.class_id is not None else s
        for s in now.shapes
    )
    return dataclasses.replace(now, shapes=tuple(shapes))


class Losses:
    """Counts what a format cannot hold, for the sentences of an export's report."""

    def __init__(self, format_title: str) -> None:
        self._title = format_title
        self._dropped: Counter[str] = Counter()
        self._turned: Counter[tuple[str, str]] = Counter()

    def dropped(self, what: str, count: int = 1) -> None:
        """Something is missing in the export; `what` is a plural such as `flags`."""
        self._dropped[what] += count

    def turned(self, what: str, into: str) -> None:
        """Something was written in another form that covers the same pixels, such as circles as polygons."""
        self._turned[what, into] += 1

    @property
    def sentences(self) -> Iterator[str]:
        for what, count in sorted(self._dropped.items()):
            if count:
                yield f"{self._title} cannot hold {what}; {_were(count)} left out."
        for (what, into), count in sorted(self._turned.items()):
            yield f"{self._title} cannot hold {what}; {_were(count)} written as {into}."


def _were(count: int) -> str:
    return f"{count:,} {'was' if count == 1 else 'were'}"
