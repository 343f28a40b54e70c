"""Pictures by item, decoded off the GUI thread; the neighbours of the shown one are there before they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from studio.core.errors import StudioError
from studio.ui.label.deep_picture import DeepPicture
from studio.ui.label.picture import DecodedPicture, Picture, load_picture, load_preview
from studio.ui.label.tiling import Tiling, is_huge
from studio.ui.widgets.background import Background

_CACHE_BYTES: Final = 512 * 2**20
_PICTURES_KEPT: Final = 6

_AFTER_PAINTING_MS: Final = 50
"""Until neighbours are read, so that the picture that is there is on the screen first."""

_Key = tuple[str, int]
_FULL: Final = "full"
_PREVIEW: Final = "preview"


class _Huge:
    """In place of a picture: it is to be shown in tiles."""


class PictureLoader(QObject):
    """`show` answers with the picture if it is there; otherwise `arrived(item id, Picture)` or `broke(item id,
    sentence)` follows, for a large picture first with a preview. Keeps the last few pictures, at most 512 MiB.

    Of a picture that `tiling` counts as huge, what arrives is a `TiledPicture`; `refined` says that it shows more.
    """

    arrived = Signal(int, object)
    refined = Signal(int)
    finished = Signal(int)
    """Everything there is of a huge picture shows."""
    broke = Signal(int, str)

    def __init__(self, tiling: Tiling | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tiling = tiling
        self._pictures: OrderedDict[int, DecodedPicture | DeepPicture] = OrderedDict()
        self._wanted: int | None = None
        self._path = Path()
        self._neighbours: Sequence[tuple[int, Path]] = ()
        self._background = Background("pictures", threads=2, parent=self)
        self._background.done.connect(self._done)
        self._background.failed.connect(self._failed)
        self._soon = QTimer(self, singleShot=True, interval=_AFTER_PAINTING_MS)
        self._soon.timeout.connect(self._ask_for_neighbours)
        if tiling is not None:
            tiling.arrived.connect(self._came_in_tiles)
            tiling.refined.connect(self.refined)
            tiling.finished.connect(self.finished)
            tiling.broke.connect(self.broke)

    def show(self, item_id: int, path: Path, view: QSize, neighbours: Sequence[tuple[int, Path]]) -> Picture | None:
        """Want this picture now and its neighbours, nearest first, after it; `view` is the canvas in device pixels."""
        self._wanted = item_id
        self._path = path
        self._neighbours = neighbours
        if self.tiling is not None:
            self.tiling.leave()
        picture = self._pictures.get(item_id)
        if picture is not None:
            self._pictures.move_to_end(item_id)
            if not self._soon.isActive():  # under a key held down it still comes to an end
                self._soon.start()
            QTimer.singleShot(0, self, self._let_tiles_go)
        else:
            self._soon.stop()
            self._background.keep_only([(_FULL, item_id)])
            self._background.ask((_PREVIEW, item_id), lambda: self._first_look(path, view))
        return picture

    def forget(self) -> None:
        self._pictures.clear()
        self._wanted = None
        self._soon.stop()
        self._background.keep_only(())

    def close(self) -> None:
        """End the threads; nothing arrives any more."""
        self._soon.stop()
        self._background.close()
        self._pictures.clear()
        if self.tiling is not None:
            self.tiling.close()

    def _first_look(self, path: Path, view: QSize) -> DecodedPicture | _Huge | None:
        return _Huge() if self._is_huge(path) else load_preview(path, view)

    def _loading(self, path: Path) -> Callable[[], DecodedPicture | DeepPicture | _Huge]:
        return lambda: _Huge() if self._is_huge(path) else load_picture(path)

    def _is_huge(self, path: Path) -> bool:
        return self.tiling is not None and is_huge(path, self.tiling.huge_pixels)

    def _came_in_tiles(self, item_id: int, picture: object) -> None:
        if item_id == self._wanted:
            self.arrived.emit(item_id, picture)
            self._let_tiles_go()

    def _let_tiles_go(self) -> None:
        if self.tiling is not None:
            self.tiling.let_go()

    def _done(self, key: object, result: object) -> None:
        kind, item_id = cast(_Key, key)
        if isinstance(result, _Huge):
            if self.tiling is not None and kind == _PREVIEW and item_id == self._wanted:
                self.tiling.show(item_id, self._path)
            return
        if kind == _FULL:
            self._pictures[item_id] = cast("DecodedPicture | DeepPicture", result)
            self._trim()
        if item_id != self._wanted:
            return
        if kind == _FULL:
            self._ask_for_neighbours()
            self.arrived.emit(item_id, result)
            self._let_tiles_go()
        elif item_id not in self._pictures:
            self._background.ask((_FULL, item_id), self._loading(self._path))
            if result is not None:
                self.arrived.emit(item_id, result)
                self._let_tiles_go()

    def _failed(self, key: object, error: object) -> None:
        _kind, item_id = cast(_Key, key)
        if item_id == self._wanted:
            sentence = error.sentence if isinstance(error, StudioError) else f"The picture cannot be read ({error})."
            self.broke.emit(item_id, sentence)

    def _ask_for_neighbours(self) -> None:
        """The nearest last, because the newest wish is served first."""
        near = self._neighbours[: self._room_for_neighbours()]
        self._background.keep_only([(_FULL, near_id) for near_id, _ in near])
        for near_id, near_path in reversed(near):
            if near_id not in self._pictures:
                self._background.ask((_FULL, near_id), self._loading(near_path))

    def _trim(self) -> None:
        def too_much() -> bool:
            held = sum(picture.bytes for picture in self._pictures.values())
            return len(self._pictures) > _PICTURES_KEPT or held > _CACHE_BYTES

        for item_id in [item_id for item_id in self._pictures if item_id != self._wanted]:
            if not too_much():
                return
            del self._pictures[item_id]

    def _room_for_neighbours(self) -> int:
        """How many neighbours of the size of the last picture fit beside it."""
        last = next(reversed(self._pictures.values()), None)
        if last is None:
            return _PICTURES_KEPT - 1
        return min(_PICTURES_KEPT - 1, _CACHE_BYTES // max(1, last.bytes) - 1)
