"""The tags of the shown item, painted in a corner over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from studio.core.classes import LabelClass
from studio.core.tags import Tags

_MARGIN: Final = 12.0
_GAP: Final = 6.0
_PAD: Final = 9.0
_HEIGHT: Final = 26.0
_GROUND: Final = QColor(16, 18, 22, 205)
_INK: Final = QColor(255, 255, 255)


def paint_chips(
    painter: QPainter, tags: Tags | None, classes: Sequence[LabelClass], *, width: float, ratio: float, font: QFont
) -> None:
    """Draw in device pixels from the top left corner, in rows no wider than `width` device pixels. The chips are dark
    in both themes, because they lie on a picture; a hollow one says that there is nothing to show."""
    named = [(c.name, QColor(c.color)) for c in classes if tags is not None and c.id in tags.ids]
    chips = named or [("unlabelled" if tags is None else "none of them", None)]
    painter.save()
    painter.scale(ratio, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    place = QPointF(_MARGIN, _MARGIN)
    for text, color in chips:
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(40.0, width / ratio - 6 * _PAD))
        length = metrics.horizontalAdvance(shown) + 2 * _PAD + (14 if color else 0)
        if place.x() > _MARGIN and place.x() + length > width / ratio - _MARGIN:
            place = QPointF(_MARGIN, place.y() + _HEIGHT + _GAP)
        _paint_chip(painter, QRectF(place.x(), place.y(), length, _HEIGHT), shown, color)
        place.setX(place.x() + length + _GAP)
    painter.restore()


def _paint_chip(painter: QPainter, place: QRectF, text: str, color: QColor | None) -> None:
    painter.setPen(
        QPen(color or QColor(255, 255, 255, 110), 1.5, Qt.PenStyle.SolidLine if color else Qt.PenStyle.DashLine)
    )
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(place.adjusted(0.75, 0.75, -0.75, -0.75), _HEIGHT / 2, _HEIGHT / 2)
    left = _PAD
    if color is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(place.left() + _PAD + 4, place.center().y()), 4.5, 4.5)
        left += 14
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_INK if color else QColor(255, 255, 255, 190))
    painter.drawText(place.adjusted(left, 0, -_PAD / 2, 0), Qt.AlignmentFlag.AlignVCenter, text)
