"""The pictures of a gallery: those of its tiles, and those of the one item that shows large."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QWidget

from studio.core.raster import Rect
from studio.core.review import ReviewItem
from studio.core.settings import Task
from studio.core.tags import TAG_THRESHOLD
from studio.store.runs import RUNS_FOLDER
from studio.ui.review.pictures import Look, Pictures, focus_of
from studio.ui.review.tiles import TileRenderer, key_of
from studio.ui.session import Session
from studio.ui.theme import theme

_LOOK_STEP: Final = 48
"""Tiles are drawn at sizes in steps of so many pixels, so that not every pixel of a resize draws all of them anew."""

_LARGE_CACHE: Final = 128 * 2**20
_LARGEST: Final = 3840


class GalleryPictures(QObject):
    """Drawn for the screen that `shown_on` is on. What changes how they look is followed by `redraw`."""

    def __init__(self, session: Session, shown_on: QWidget) -> None:
        super().__init__(shown_on)
        self._session = session
        self._task = session.settings.task
        self._shown_on = shown_on
        self.tiles = TileRenderer(session.store.root, parent=self)
        self.large = TileRenderer(session.store.root, threads=1, cache_bytes=_LARGE_CACHE, parent=self)
        self.threshold = TAG_THRESHOLD
        """From which probability on tags are predicted."""

    def of_tile(self, review: ReviewItem) -> Pictures | None:
        return self.tiles.pictures(key_of(review))

    def of_large(self, review: ReviewItem) -> Pictures | None:
        """Those of its tile until the large ones are there."""
        return self.large.pictures(key_of(review)) or self.of_tile(review)

    def want_tiles(self, reviews: Sequence[ReviewItem], pane: QSize) -> None:
        """`pane` is the room of one picture in a tile, in logical pixels."""
        self.fit_tiles(pane)
        self.tiles.want(reviews, self._runs_folder)

    def want_large(self, reviews: Sequence[ReviewItem], room: QSize) -> None:
        """`room` is that of the large picture, in logical pixels."""
        size = (room * self._shown_on.devicePixelRatioF()).boundedTo(QSize(_LARGEST, _LARGEST))
        look = self.large.look
        if look is None or (look.width, look.height) != (max(8, size.width()), max(8, size.height())):
            self.large.set_look(self._look(size))
        self.large.want(reviews, self._runs_folder)

    def fit_tiles(self, pane: QSize) -> None:
        """Draw at another size when the tiles' size has changed by a step."""
        ratio = self._shown_on.devicePixelRatioF()
        step = 1 if self._task is Task.TEXT else _LOOK_STEP  # letters must not be scaled
        width = -(-round(pane.width() * ratio) // step) * step
        look = self.tiles.look
        if look is None or look.width != width:
            height = max(8, round(width * pane.height() / max(1, pane.width())))
            self.tiles.set_look(self._look(QSize(width, height)))

    def redraw(self) -> None:
        """Draw what is wanted from now on by the settings as they are now."""
        for renderer in (self.tiles, self.large):
            if renderer.look is not None:
                renderer.set_look(self._look(QSize(renderer.look.width, renderer.look.height)))

    def forget(self, items: Sequence[int]) -> None:
        """The labels of these items changed."""
        for renderer in (self.tiles, self.large):
            renderer.forget(items)

    def forget_all(self) -> None:
        for renderer in (self.tiles, self.large):
            renderer.forget_all()

    def focus_of(self, review: ReviewItem) -> Rect | None:
        """Where the item's largest mistake lies. Raises StudioError where label or prediction cannot be read."""
        known = self.tiles.fresh_pictures(key_of(review))
        if known is not None and not known.trouble:
            return known.focus
        return focus_of(self._session.store, self._session.store.run(review.run).folder, review.score)

    def close(self) -> None:
        """End the threads."""
        self.tiles.close()
        self.large.close()

    @property
    def _runs_folder(self) -> Path:
        return self._session.store.root / RUNS_FOLDER

    def _look(self, size: QSize) -> Look:
        return Look.of(
            self._session.settings,
            width=size.width(),
            height=size.height(),
            difference=theme().color("danger"),
            threshold=self.threshold if self._task is Task.MULTI_LABEL else None,
            ratio=self._shown_on.devicePixelRatioF(),
        )
