"""What lies under the cursor: the pixel, its label and its value, told in the status strip and on the rulers."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.ui.label.canvas import Canvas
from studio.ui.label.picture_look import value_text
from studio.ui.label.rulers import RuledCanvas
from studio.ui.label.status_strip import StatusStrip

_PAUSE_MS: Final = 40


class PixelReadout(QObject):
    """Painting comes first: what is under the cursor is told a little later, for many movements at once."""

    def __init__(self, canvas: Canvas, ruled: RuledCanvas, status: StatusStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._ruled = ruled
        self._status = status
        self._pixel: tuple[int, int] | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        canvas.pointer_moved.connect(self._note)
        canvas.label_changed.connect(self._look_again)

    def stop(self) -> None:
        self._pause.stop()

    def _note(self, pixel: tuple[int, int] | None) -> None:
        self._pixel = pixel
        self._tell_soon()

    def _look_again(self) -> None:
        """The cursor rests, and what lies under it changed."""
        if self._pixel is not None:
            self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def _tell(self) -> None:
        pixel, document = self._pixel, self._canvas.document
        name, color = "", None
        if pixel is not None and isinstance(document, MaskDocument) and _has_pixel(document, pixel):
            value = int(document.mask[pixel[1], pixel[0]])
            found = next((c for c in self._canvas.settings.known_classes if c.id == value), None)
            name = found.name if found else "unlabelled" if value == UNLABELLED else f"id {value}"
            color = found.color if found else None
        self._status.show_pixel(pixel, name, color)
        self._status.show_value(value_text(self._canvas.picture, pixel))
        self._ruled.show_pixel(pixel)


def _has_pixel(document: MaskDocument, pixel: tuple[int, int]) -> bool:
    return 0 <= pixel[0] < document.size[0] and 0 <= pixel[1] < document.size[1]
