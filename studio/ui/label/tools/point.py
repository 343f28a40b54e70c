"""Point: place the project's keypoints one after the other, drag and nudge them, say how visible they are."""

from __future__ import annotations

from math import hypot
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QKeyEvent, QPainter

from studio.core.document import PointsDocument
from studio.core.points import Keypoint, Points, Visibility
from studio.core.raster import XY
from studio.ui.label.choices import ToolName
from studio.ui.label.points_layer import PointsLayer
from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.loupe import loupe_area, loupe_pixel, paint_loupe
from studio.ui.label.tools.point_keys import PointKeys, inside_picture
from studio.ui.label.tools.point_order import active_points, first_unfinished, free_instance, next_missing

_CATCH: Final = 10.0
"""Logical pixels around a point within which a press takes hold of it."""


class PointTool(Tool):
    name = ToolName.POINT
    usage = (
        "Click places · drag moves · arrows nudge (Shift 10) · {visibility}: visible, hidden, absent · {absent}: not in"
        " picture"
    )

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._held: Keypoint | None = None
        self._grip: XY = (0.0, 0.0)
        self._keys = PointKeys(bench)
        self._placed: tuple[int, frozenset[int]] = (0, frozenset())
        self._hovered: Pointer | None = None
        self._hovered_point: Keypoint | None = None
        self._loupe = QRectF()

    @property
    def is_busy(self) -> bool:
        return self._held is not None

    def press(self, pointer: Pointer) -> None:
        document = self.bench.document
        if pointer.erase or not isinstance(document, PointsDocument):
            return
        self._keys.finish_nudge()
        held = self._point_at(document.points, pointer)
        if held is not None:
            if self.bench.choices.points.link_from >= 0:
                self._choose(held)
                self.bench.choices.points.begin_link(-1)
                return
            document.begin("moving a point")
            self._grip = (held.x - pointer.x, held.y - pointer.y)
            self._hold(held)
        elif self.bench.choices.points.link_from >= 0:
            self.bench.choices.points.begin_link(-1)
        else:
            self._press_beside(document, pointer)

    def drag(self, pointer: Pointer) -> None:
        document = self.bench.document
        self._hovered = pointer
        if self._held is not None and isinstance(document, PointsDocument):
            self._held = self._moved(document, self._held, pointer)
            document.move(self._held.index, self._held.x, self._held.y, instance=self._held.instance)
        self._follow_loupe()

    def release(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._held is not None and isinstance(document, PointsDocument):
            self._held = None
            document.commit()
        self._follow_loupe()

    def hover(self, pointer: Pointer) -> None:
        self._hovered = pointer
        document = self.bench.document
        found = self._point_at(document.points, pointer) if isinstance(document, PointsDocument) else None
        if found != self._hovered_point:
            self._repaint_name()
            self._hovered_point = found
            self._repaint_name()
        self._follow_loupe()

    def leave(self) -> None:
        self._repaint_name()
        self._hovered = self._hovered_point = None
        self._follow_loupe()
        self._keys.finish_nudge()

    def key(self, event: QKeyEvent) -> bool:
        return not self.is_busy and self._keys.key(event)

    def cycle_visibility(self) -> None:
        document = self.bench.document
        if isinstance(document, PointsDocument) and not self.is_busy:
            self._keys.cycle_visibility(document, self._cursor)

    def set_absent(self) -> None:
        """The selected point, else the next one to place, is not in this picture."""
        document = self.bench.document
        if isinstance(document, PointsDocument) and not self.is_busy:
            self._keys.set_absent(document, self._cursor)

    def remove(self) -> None:
        document = self.bench.document
        if isinstance(document, PointsDocument) and not self.is_busy:
            self._keys.remove(document)

    @property
    def _cursor(self) -> XY | None:
        return (self._hovered.x, self._hovered.y) if self._hovered is not None else None

    def key_released(self, event: QKeyEvent) -> None:
        self._keys.key_released(event)

    def cancel(self) -> bool:
        document = self.bench.document
        if self.bench.choices.points.link_from >= 0:
            self.bench.choices.points.begin_link(-1)
            return True
        if self._held is None or not isinstance(document, PointsDocument):
            return False
        self._held = None
        document.cancel()
        return True

    def item_left(self) -> None:
        document = self.bench.document
        if isinstance(document, PointsDocument) and document.is_editing:
            document.commit()
        self._held = self._hovered_point = None
        self._keys.forget()
        self.bench.choices.points.begin_link(-1)

    def item_shown(self) -> None:
        document, choices = self.bench.document, self.bench.choices
        choices.select_point(-1)
        choices.choose_point(-1)
        self._placed = (0, frozenset())
        if isinstance(document, PointsDocument):
            choices.points.choose_instance(first_unfinished(document.points, self.bench.settings))
        self.annotation_changed()

    def annotation_changed(self) -> None:
        """The next missing point of the current instance is chosen by itself, unless the person has chosen one; a point
        that has just gone is the next."""
        document = self.bench.document
        if not isinstance(document, PointsDocument):
            return
        choices, active = self.bench.choices, active_points(self.bench.settings)
        instance = choices.points.instance
        placed = frozenset(document.points.of(instance))
        gone = sorted(self._placed[1] - placed) if self._placed[0] == instance else []
        self._placed = (instance, placed)
        if choices.selected_point not in placed:
            choices.select_point(-1)
        choices.choose_point(next_missing(placed, active, gone[0] if gone else choices.point))

    def refresh(self) -> None:
        self._follow_loupe()

    def paint(self, painter: QPainter) -> None:
        if self._hovered_point is not None and self._held is None:
            suffix = self._suffix(self._hovered_point)
            self._layer().paint_name(painter, self._hovered_point, suffix)
        picture, hovered = self.bench.picture, self._hovered
        pixel = loupe_pixel(self.bench.viewport, self.bench.pixel_ratio)
        if self._loupe.isEmpty() or picture is None or hovered is None or not pixel:
            return
        centre = (self._held.x, self._held.y) if self._held is not None else (hovered.x, hovered.y)
        marks = () if self._held is not None else self._marks()
        paint_loupe(painter, self._loupe, picture, centre, pixel=pixel, ratio=self.bench.pixel_ratio, marks=marks)

    def _press_beside(self, document: PointsDocument, pointer: Pointer) -> None:
        """A press where no point is: place the next one, of the next instance where this one has all and the project
        has several."""
        choices, settings = self.bench.choices, self.bench.settings
        active = active_points(settings)
        if choices.point < 0 and active and settings.several_instances:
            choices.points.choose_instance(free_instance(document.points))
            choices.choose_point(active[0])
        if choices.point >= 0:
            document.begin("placing a point")
            self._grip = (0.0, 0.0)
            new = Keypoint(index=choices.point, x=0.0, y=0.0, instance=choices.points.instance)
            self._hold(self._moved(document, new, pointer))
            return
        choices.select_point(-1)
        self.bench.hint(
            "All points are placed: drag one to move it, or press {add_instance} for another instance."
            if active
            else "This project has no keypoints yet: add one in the panel on the right."
        )

    def _hold(self, point: Keypoint) -> None:
        document = self.bench.document
        assert isinstance(document, PointsDocument)
        self._held = point
        self._repaint_name()
        self._hovered_point = None
        document.place(point)
        self._choose(point)

    def _choose(self, point: Keypoint) -> None:
        self.bench.choices.points.choose_instance(point.instance)
        self.bench.choices.select_point(point.index)

    def _point_at(self, points: Points, pointer: Pointer) -> Keypoint | None:
        """The nearest point within reach; absent and retired ones cannot be taken hold of."""
        reach = _CATCH * self.bench.pixel_ratio
        away = reach / self.bench.viewport.scale
        active = set(active_points(self.bench.settings))
        near = [
            p
            for p in points.placed
            if abs(p.x - pointer.x) <= away + 1
            and abs(p.y - pointer.y) <= away + 1
            and p.visibility is not Visibility.ABSENT
            and p.index in active
        ]
        found = min(near, key=lambda p: self._distance(p, pointer), default=None)
        return found if found is not None and self._distance(found, pointer) <= reach else None

    def _distance(self, point: Keypoint, pointer: Pointer) -> float:
        x, y = self.bench.viewport.to_view(point.x, point.y)
        return hypot(x - pointer.device[0], y - pointer.device[1])

    def _moved(self, document: PointsDocument, point: Keypoint, pointer: Pointer) -> Keypoint:
        x, y = inside_picture(document, pointer.x + self._grip[0], pointer.y + self._grip[1])
        return Keypoint(index=point.index, x=x, y=y, visibility=point.visibility, instance=point.instance)

    # -- what is drawn over the points --------------------------------------------------------------------------------

    def _follow_loupe(self) -> None:
        """Paint again where the loupe was and where it is now, and nothing else."""
        choices, hovered = self.bench.choices, self._hovered
        places = choices.point >= 0 or self.bench.settings.several_instances
        wanted = self._held is not None or (places and self._hovered_point is None)
        area = QRectF()
        if choices.points.loupe and wanted and hovered is not None and self._is_on_picture(hovered):
            area = loupe_area(hovered.device, self.bench.viewport.view, self.bench.pixel_ratio)
        for changed in (self._loupe, area):
            if not changed.isEmpty():
                self.bench.repaint_soon(changed)
        self._loupe = area

    def _is_on_picture(self, pointer: Pointer) -> bool:
        return self.bench.viewport.pixel_at(*pointer.device) is not None or self._held is not None

    def _marks(self) -> list[XY]:
        """The visible points, for the loupe; where several are near each other they tell what is placed already."""
        document = self.bench.document
        if not isinstance(document, PointsDocument) or self._hovered is None:
            return []
        x, y, away = self._hovered.x, self._hovered.y, self._loupe.width() / 2
        return [
            (p.x, p.y)
            for p in document.points.placed
            if abs(p.x - x) < away and abs(p.y - y) < away and p.visibility is not Visibility.ABSENT
        ]

    def _repaint_name(self) -> None:
        if self._hovered_point is not None:
            self.bench.repaint_soon(self._layer().reach_of(self._hovered_point, self._suffix(self._hovered_point)))

    def _suffix(self, point: Keypoint) -> str:
        document = self.bench.document
        several = isinstance(document, PointsDocument) and len(document.points.instances) > 1
        return f" · {point.instance + 1}" if several else ""

    def _layer(self) -> PointsLayer:
        return PointsLayer(self.bench.settings, self.bench.viewport, self.bench.pixel_ratio)
