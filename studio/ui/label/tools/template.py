"""Template: drag a box and all points of an instance stand in it at once; then adjust them one by one."""

from __future__ import annotations

from math import hypot
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.core.document import PointsDocument
from studio.core.point_templates import Box, PointsTemplate, box_between, placed_in
from studio.core.points import Points
from studio.core.raster import XY
from studio.core.settings import ProjectSettings
from studio.ui.label.choices import Choices, ToolName
from studio.ui.label.points_layer import PointsLayer
from studio.ui.label.tools.base import Bench, Pointer
from studio.ui.label.tools.point import PointTool
from studio.ui.label.tools.point_keys import inside_picture
from studio.ui.label.tools.point_order import active_points, free_instance

_LEAST: Final = 8.0
"""Logical pixels that a drag must span; less is a slip of the hand."""


class TemplateTool(PointTool):
    name = ToolName.TEMPLATE
    usage = "Drag a box: all points at once · Shift: keeps the shape · drag a point to adjust it · Esc: give up"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._start: Pointer | None = None
        self._box: Box | None = None

    @property
    def is_busy(self) -> bool:
        return super().is_busy or self._start is not None

    def drag(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._start is None or not isinstance(document, PointsDocument):
            super().drag(pointer)
            return
        template = chosen_template(self.bench.choices, self.bench.settings)
        self.hover(pointer)
        self._repaint_box()
        aspect = template.aspect if template is not None and pointer.shift else None
        start, end = (inside_picture(document, p.x, p.y) for p in (self._start, pointer))
        self._box = box_between(start, end, aspect=aspect)
        self._repaint_box()

    def release(self, pointer: Pointer) -> None:
        start, box = self._start, self._box
        if start is None:
            super().release(pointer)
            return
        self._give_up()
        far = hypot(pointer.device[0] - start.device[0], pointer.device[1] - start.device[1])
        document, template = self.bench.document, chosen_template(self.bench.choices, self.bench.settings)
        if box is not None and template is not None and isinstance(document, PointsDocument):
            if far >= _LEAST * self.bench.pixel_ratio:
                self._place(document, template, box)
            else:
                self.bench.hint("Drag a box around the whole shape.")

    def cancel(self) -> bool:
        return self._give_up() or super().cancel()

    def item_left(self) -> None:
        self._give_up()
        super().item_left()

    def paint(self, painter: QPainter) -> None:
        super().paint(painter)
        template, document = chosen_template(self.bench.choices, self.bench.settings), self.bench.document
        if self._box is None or template is None or not isinstance(document, PointsDocument):
            return
        ratio = self.bench.pixel_ratio
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 3 * ratio), QPen(QColor("white"), 1.2 * ratio, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawRect(self._box_area())
        coming = Points().updated(placed_in(template, self._box, instance=0, size=document.size))
        PointsLayer(self.bench.settings, self.bench.viewport, ratio).paint(painter, coming, None)

    def _press_beside(self, document: PointsDocument, pointer: Pointer) -> None:
        if chosen_template(self.bench.choices, self.bench.settings) is None:
            self.bench.hint(
                "There is no template yet: place the points of one instance, then press Shift+T to save it."
            )
            return
        self._start = pointer

    def _place(self, document: PointsDocument, template: PointsTemplate, box: Box) -> None:
        """The current instance gets the shape; where it has points and there are several, the next instance does."""
        settings, points = self.bench.settings, document.points
        instance = self.bench.choices.points.instance
        if settings.several_instances and points.of(instance):
            instance = free_instance(points)
        active = set(active_points(settings))
        new = [p for p in placed_in(template, box, instance=instance, size=document.size) if p.index in active]
        document.replace(points.updated(new), "placing a template")
        self.bench.choices.select_point(-1)
        self.bench.choices.points.choose_instance(instance)
        self.annotation_changed()

    def _give_up(self) -> bool:
        had_any = self._start is not None
        self._repaint_box()
        self._start = self._box = None
        return had_any

    def _box_area(self) -> QRectF:
        assert self._box is not None
        corner = QPointF(*self._to_view((self._box.x, self._box.y)))
        return QRectF(corner, QPointF(*self._to_view((self._box.x + self._box.width, self._box.y + self._box.height))))

    def _repaint_box(self) -> None:
        if self._box is not None:
            margin = 14 * self.bench.pixel_ratio
            self.bench.repaint_soon(self._box_area().adjusted(-margin, -margin, margin, margin))

    def _to_view(self, place: XY) -> XY:
        return self.bench.viewport.to_view(*place)


def chosen_template(choices: Choices, settings: ProjectSettings) -> PointsTemplate | None:
    """The template of the chosen name, else the one that was saved last."""
    last = settings.templates[-1] if settings.templates else None
    return next((t for t in settings.templates if t.name == choices.points.template), last)
