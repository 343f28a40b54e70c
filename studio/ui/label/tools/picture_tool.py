"""What the tools that find a region in the picture have in common: what they paint, and how they show it before."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.raster import Rect
from studio.core.selection import Selection
from studio.ui.label.picture import Picture
from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.colors import class_color
from studio.ui.label.viewport import Viewport

_CHIP = QColor(20, 22, 26, 215)


class PictureTool(Tool):
    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)

    @property
    def document(self) -> MaskDocument | None:
        document = self.bench.document
        return document if isinstance(document, MaskDocument) else None

    @property
    def whole_picture(self) -> Picture | None:
        """The picture when all of its pixels are there, else a hint."""
        picture = self.bench.picture
        if picture is not None and picture.is_preview:
            self.bench.hint("The picture is still being read; try again in a moment.")
            return None
        return picture

    def value(self, pointer: Pointer) -> int | None:
        """What this button paints; None, with a hint, when there is nothing to paint with."""
        value = UNLABELLED if pointer.erase else self.class_to_paint
        if value is None:
            self.say_no_class()
        return value

    def color(self, value: int) -> QColor:
        """The colour in which a region that is to become `value` is shown."""
        return class_color(self.bench, value)

    def paint_selection(self, selection: Selection | None, value: int, what: str) -> bool:
        """Give the selection its value as one edit; says whether anything changed."""
        document = self.document
        if document is None or selection is None:
            return False
        document.begin(what)
        document.paint(selection.rect, selection.pixels(), value)
        return document.commit()


def visible_pixels(viewport: Viewport) -> Rect | None:
    """The image pixels that are in sight."""
    seen = viewport.visible()
    if seen is None:
        return None
    x0, y0 = viewport.to_image(seen.x, seen.y)
    x1, y1 = viewport.to_image(seen.right, seen.bottom)
    return Rect(int(x0), int(y0), int(x1) + 1 - int(x0), int(y1) + 1 - int(y0)).clipped(*viewport.image)


def chip_area(at: QPointF, ratio: float) -> QRectF:
    """The device pixels that `paint_chip` may touch."""
    return QRectF(at.x(), at.y() - 34 * ratio, 220 * ratio, 34 * ratio)


def paint_chip(painter: QPainter, at: QPointF, text: str, ratio: float) -> None:
    """A few words on a dark plate, its lower left corner at `at` (device pixels)."""
    painter.save()
    font = painter.font()
    font.setPixelSize(round(12 * ratio))
    painter.setFont(font)
    size = painter.fontMetrics().size(Qt.TextFlag.TextSingleLine, text)
    plate = QRectF(at.x(), at.y() - 28 * ratio, size.width() + 16 * ratio, 22 * ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_CHIP)
    painter.drawRoundedRect(plate, 5 * ratio, 5 * ratio)
    painter.setPen(QColor("white"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
