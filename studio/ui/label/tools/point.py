"""Point: place the project's keypoints one after the other, drag and nudge them, say how visible they are."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent, QPainter

from studio.core.document import PointsDocument
from studio.core.points import Keypoint
from studio.core.raster import XY
from studio.ui.label.choices import ToolName
from studio.ui.label.tools.base import Bench, Pointer, Tool
from studio.ui.label.tools.point_hover import PointHover, point_at
from studio.ui.label.tools.point_keys import PointKeys, inside_picture
from studio.ui.label.tools.point_order import active_points, first_unfinished, free_instance, next_missing


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
        self._hover = PointHover(bench)

    @property
    def is_busy(self) -> bool:
        return self._held is not None

    def press(self, pointer: Pointer) -> None:
        document = self.bench.document
        if pointer.erase or not isinstance(document, PointsDocument):
            return
        self._keys.finish_nudge()
        held = point_at(self.bench, document.points, pointer)
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
        self._hover.pointer = pointer
        if self._held is not None and isinstance(document, PointsDocument):
            self._held = self._moved(document, self._held, pointer)
            document.move(self._held.index, self._held.x, self._held.y, instance=self._held.instance)
        self._hover.follow(self._held)

    def release(self, pointer: Pointer) -> None:
        document = self.bench.document
        if self._held is not None and isinstance(document, PointsDocument):
            self._held = None
            document.commit()
        self._hover.follow(self._held)

    def hover(self, pointer: Pointer) -> None:
        self._hover.pointer = pointer
        document = self.bench.document
        found = point_at(self.bench, document.points, pointer) if isinstance(document, PointsDocument) else None
        self._hover.name(found)
        self._hover.follow(self._held)

    def leave(self) -> None:
        self._hover.name(None)
        self._hover.pointer = None
        self._hover.follow(self._held)
        self._keys.finish_nudge()

    def key(self, event: QKeyEvent) -> bool:
        return not self.is_busy and self._keys.key(event)

    def cycle_visibility(self) -> None:
        document = self.bench.document
        if isinstance(document, PointsDocument) and not self.is_busy:
            self._keys.cycle_visibility(document, self._hover.place)

    def set_absent(self) -> None:
        """The selected point, else the next one to place, is not in this picture."""
        document = self.bench.document
        if isinstance(document, PointsDocument) and not self.is_busy:
            self._keys.set_absent(document, self._hover.place)

    def remove(self) -> None:
        document = self.bench.document
        if isinstance(document, PointsDocument) and not self.is_busy:
            self._keys.remove(document)

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
        self._held = None
        self._hover.name(None)
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
        self._hover.follow(self._held)

    def paint(self, painter: QPainter) -> None:
        self._hover.paint(painter, self._held)

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
        self._hover.name(None)
        document.place(point)
        self._choose(point)

    def _choose(self, point: Keypoint) -> None:
        self.bench.choices.points.choose_instance(point.instance)
        self.bench.choices.select_point(point.index)

    def _moved(self, document: PointsDocument, point: Keypoint, pointer: Pointer) -> Keypoint:
        x, y = inside_picture(document, pointer.x + self._grip[0], pointer.y + self._grip[1])
        return Keypoint(index=point.index, x=x, y=y, visibility=point.visibility, instance=point.instance)
