"""How a box and strokes in it look, and which device pixels they take."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from studio.core.grabcut import Stroke
from studio.core.raster import Rect
from studio.ui.label.tools.brush_outline import DARK, LIGHT
from studio.ui.label.tools.picture_tool import chip_area
from studio.ui.label.viewport import Viewport
from studio.ui.theme import theme


def box_area(box: Rect, viewport: Viewport) -> QRectF:
    """Where a box of image pixels lies on the canvas."""
    corner = QPointF(*viewport.to_view(box.x, box.y))
    return QRectF(corner, QPointF(*viewport.to_view(box.right, box.bottom)))


def box_sides(area: QRectF, ratio: float) -> list[QRectF]:
    """What is painted for a box: its four sides and the words above it, not what lies inside."""
    thick = 3 * ratio
    sides = (
        QRectF(area.topLeft(), area.topRight()),
        QRectF(area.bottomLeft(), area.bottomRight()),
        QRectF(area.topLeft(), area.bottomLeft()),
        QRectF(area.topRight(), area.bottomRight()),
    )
    return [*(side.adjusted(-thick, -thick, thick, thick) for side in sides), chip_area(area.topLeft(), ratio)]


def paint_box(painter: QPainter, area: QRectF, ratio: float) -> None:
    """Dark and light dashes, so that it shows on any picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, style in ((DARK, Qt.PenStyle.SolidLine), (LIGHT, Qt.PenStyle.DashLine)):
        painter.setPen(QPen(color, max(1.0, round(ratio)), style))
        painter.drawRect(area)


def paint_strokes(painter: QPainter, strokes: Sequence[Stroke], viewport: Viewport) -> None:
    """Green for what belongs to the object, red for what does not."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for stroke in strokes:
        color = QColor(theme().color("ok" if stroke.is_object else "danger"))
        color.setAlphaF(0.6)
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(color, _width(stroke, viewport), Qt.PenStyle.SolidLine, cap, join))
        line = _line(stroke, viewport)
        if line.count() == 1:
            painter.drawPoint(line.first())
        else:
            painter.drawPolyline(line)


def stroke_area(stroke: Stroke, viewport: Viewport) -> QRectF:
    """The device pixels that a stroke takes."""
    reach = _width(stroke, viewport) / 2 + 3
    return _line(stroke, viewport).boundingRect().adjusted(-reach, -reach, reach, reach)


def _width(stroke: Stroke, viewport: Viewport) -> float:
    return max(2.0, stroke.diameter * viewport.scale)


def _line(stroke: Stroke, viewport: Viewport) -> QPolygonF:
    return QPolygonF([QPointF(*viewport.to_view(*point)) for point in stroke.points])
