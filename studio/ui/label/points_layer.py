"""Keypoints over the picture: markers of a constant size on the screen, names, and the skeleton's links."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QPainter, QPainterPath, QPen

from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings
from studio.ui.label.viewport import Viewport

Key = tuple[int, int]
"""Instance and index of a point."""

_RADIUS: Final = 4.5
_MANY: Final = 30
"""From so many keypoints on the markers are small, and the smaller the farther the picture is away."""
_SMALL_RADIUS: Final = (1.7, 3.2)
"""Smallest and largest radius of such markers, of about one image pixel in between."""

_SELECTED_RING: Final = 9.0
_NAME_SIZE: Final = 11
_NAME_OFFSET: Final = 10.0
_BADGE: Final = 17.0
_DARK: Final = QColor(0, 0, 0, 170)
_WHITE: Final = QColor(255, 255, 255)

_TINTS: Final = ("#4dabf7", "#ffa94d", "#69db7c", "#da77f2", "#ff8787", "#3bc9db", "#ffe066", "#b197fc")
"""One a number of an instance, over and over; each is told from its neighbours and from most pictures."""


def instance_tint(instance: int) -> QColor:
    return QColor(_TINTS[instance % len(_TINTS)])


@dataclass(frozen=True)
class PointsLayer:
    """Draws the points of one item, as far as they lie in the painter's clip; with `prediction` also what a run says,
    joined to the label by a line. `selected` is the point that the keys act on, `named` are those with their names."""

    settings: ProjectSettings
    viewport: Viewport
    pixel_ratio: float
    selected: Key = (0, -1)
    named: Collection[Key] = field(default_factory=frozenset)

    def paint(self, painter: QPainter, points: Points, prediction: Points | None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        clip = painter.clipBoundingRect() if painter.hasClipping() else None
        shown = self._shown(points)
        tinted = len({instance for instance, _ in shown}) > 1
        if prediction is not None:
            self._paint_prediction(painter, shown, prediction)
        shown = self._near(shown, clip)
        for instance in sorted({instance for instance, _ in shown}):
            self._paint_links(painter, shown, instance, clip, tinted=tinted)
        for key, point in shown.items():
            named = key in self.named or key == self.selected
            if clip is None or clip.intersects(self.reach_of(point) if named else self._reach(point)):
                self._paint_point(painter, point, tinted=tinted)
                if named:
                    self.paint_name(painter, point)
        if tinted:
            for instance, place in self.badges(shown).items():
                self._paint_badge(painter, place, instance)

    def paint_name(self, painter: QPainter, point: Keypoint, suffix: str = "") -> None:
        text = self._name(point.index) + suffix
        path = _name_path(text, round(_NAME_SIZE * self.pixel_ratio), point.visibility is Visibility.HIDDEN)
        path = path.translated(self._place(point) + QPointF(_NAME_OFFSET * self.pixel_ratio, 0))
        painter.strokePath(path, QPen(_DARK, 3 * self.pixel_ratio))
        painter.fillPath(path, _WHITE)

    # -- where things lie, in device pixels ---------------------------------------------------------------------------

    def bounds(self, points: Points, prediction: Points | None = None) -> QRectF:
        """What painting all of this can touch."""
        area = QRectF()
        for point in (*points.placed, *(prediction.placed if prediction is not None else ())):
            area = area.united(self.reach_of(point))
        return area.united(self._badge_area(self._shown(points)))

    def area_of(self, points: Points, keys: Iterable[Key]) -> QRectF:
        """What painting these points, their links and the badges of their instances can touch."""
        shown, area = self._shown(points), QRectF()
        for key in keys:
            point = shown.get(key)
            if point is None:
                continue
            area = area.united(self.reach_of(point))
            for other in self._linked.get(key[1], ()):
                neighbour = shown.get((key[0], other))
                if neighbour is not None:
                    area = area.united(self._reach(neighbour))
        changed = {instance for instance, _ in keys}
        return area.united(self._badge_area({k: p for k, p in shown.items() if k[0] in changed}))

    def reach_of(self, point: Keypoint, suffix: str = "") -> QRectF:
        """The point with its name."""
        return self._reach(point).united(self.name_area(point, suffix))

    def name_area(self, point: Keypoint, suffix: str = "") -> QRectF:
        width, height = _name_size(self._name(point.index) + suffix, round(_NAME_SIZE * self.pixel_ratio))
        place, margin = self._place(point), 3 * self.pixel_ratio
        box = QRectF(place.x() + _NAME_OFFSET * self.pixel_ratio, place.y() - height / 2, width, height)
        return box.adjusted(-margin, -margin, margin, margin)

    def badges(self, shown: Mapping[Key, Keypoint]) -> dict[int, QPointF]:
        """Where the number of each instance stands: above its topmost point."""
        tops: dict[int, Keypoint] = {}
        for (instance, _), point in shown.items():
            if instance not in tops or point.y < tops[instance].y:
                tops[instance] = point
        lift = QPointF(0, -(_SELECTED_RING + _BADGE * 0.75) * self.pixel_ratio)
        return {instance: self._place(point) + lift for instance, point in tops.items()}

    def _badge_area(self, shown: Mapping[Key, Keypoint]) -> QRectF:
        side, area = 2.4 * _BADGE * self.pixel_ratio, QRectF()
        for place in self.badges(shown).values():
            area = area.united(QRectF(place.x() - side / 2, place.y() - side / 2, side, side))
        return area

    def _reach(self, point: Keypoint) -> QRectF:
        reach, place = 1.5 * _SELECTED_RING * self.pixel_ratio, self._place(point)
        return QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)

    def _place(self, point: Keypoint) -> QPointF:
        return QPointF(*self.viewport.to_view(point.x, point.y))

    # -- painting -----------------------------------------------------------------------------------------------------

    def _shown(self, points: Points) -> dict[Key, Keypoint]:
        return {
            (p.instance, p.index): p
            for p in points.placed
            if p.visibility is not Visibility.ABSENT and not self._is_retired(p.index)
        }

    def _near(self, shown: dict[Key, Keypoint], clip: QRectF | None) -> dict[Key, Keypoint]:
        """The points of the instances that may reach into the clip with a point, a link or the badge; names reach far,
        so that the selected instance is always among them."""
        if clip is None:
            return shown
        margin = 3 * _BADGE * self.pixel_ratio
        wanted = clip.adjusted(-margin, -margin, margin, margin)
        left, top = self.viewport.to_image(wanted.left(), wanted.top())
        right, bottom = self.viewport.to_image(wanted.right(), wanted.bottom())
        boxes: dict[int, tuple[float, float, float, float]] = {}
        for (instance, _), p in shown.items():
            x0, y0, x1, y1 = boxes.get(instance, (p.x, p.y, p.x, p.y))
            boxes[instance] = (min(x0, p.x), min(y0, p.y), max(x1, p.x), max(y1, p.y))
        near = {n for n, (x0, y0, x1, y1) in boxes.items() if x0 <= right and x1 >= left and y0 <= bottom and y1 >= top}
        near.add(self.selected[0])
        return shown if near >= boxes.keys() else {key: p for key, p in shown.items() if key[0] in near}

    @cached_property
    def _radius(self) -> float:
        """Of a marker, in device pixels."""
        if len(self.settings.keypoints) < _MANY:
            return _RADIUS * self.pixel_ratio
        smallest, largest = (radius * self.pixel_ratio for radius in _SMALL_RADIUS)
        return min(max(self.viewport.scale, smallest), largest)

    @cached_property
    def _linked(self) -> dict[int, list[int]]:
        linked: dict[int, list[int]] = {}
        for first, second in self.settings.links:
            linked.setdefault(first, []).append(second)
            linked.setdefault(second, []).append(first)
        return linked

    def _paint_links(
        self, painter: QPainter, shown: Mapping[Key, Keypoint], instance: int, clip: QRectF | None, *, tinted: bool
    ) -> None:
        """Dark under light, so that they show on any picture; dashed where an end is hidden."""
        light = instance_tint(instance) if tinted else QColor(_WHITE)
        light.setAlphaF(0.95 if tinted else 0.85)
        margin = 3 * self.pixel_ratio
        for first, second in self.settings.links:
            a, b = shown.get((instance, first)), shown.get((instance, second))
            if a is None or b is None:
                continue
            line = QLineF(self._place(a), self._place(b))
            box = QRectF(line.p1(), line.p2()).normalized().adjusted(-margin, -margin, margin, margin)
            if clip is not None and not clip.intersects(box):
                continue
            painter.setPen(QPen(_DARK, 3.6 * self.pixel_ratio))
            painter.drawLine(line)
            pen = QPen(light, 1.6 * self.pixel_ratio)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if Visibility.HIDDEN in (a.visibility, b.visibility):
                pen.setDashPattern([4, 3])
            painter.setPen(pen)
            painter.drawLine(line)

    def _paint_point(self, painter: QPainter, point: Keypoint, *, tinted: bool) -> None:
        """Full: visible. Hollow: hidden. With several instances the rim has the instance's tint."""
        place, ratio = self._place(point), self.pixel_ratio
        color = self._color(point.index)
        hidden = point.visibility is Visibility.HIDDEN
        if (point.instance, point.index) == self.selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (QPen(_DARK, 4 * ratio), QPen(_WHITE, 2 * ratio)):
                painter.setPen(pen)
                painter.drawEllipse(place, _SELECTED_RING * ratio, _SELECTED_RING * ratio)
        radius = self._radius
        rim = instance_tint(point.instance) if tinted else _WHITE
        painter.setPen(QPen(_DARK, 4.4 * ratio if hidden else 3 * ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush if hidden else color)
        painter.drawEllipse(place, radius, radius)
        painter.setPen(QPen(color if hidden else rim, (2 if hidden else 1.4) * ratio))
        painter.drawEllipse(place, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_badge(self, painter: QPainter, place: QPointF, instance: int) -> None:
        """The instance's number on its tint; a ring around that of the current one."""
        ratio, text = self.pixel_ratio, str(instance + 1)
        size = round(_NAME_SIZE * ratio)
        width = max(_BADGE * ratio, _name_size(text, size)[0] + 9 * ratio)
        box = QRectF(place.x() - width / 2, place.y() - _BADGE * ratio / 2, width, _BADGE * ratio)
        current = instance == self.selected[0]
        painter.setPen(QPen(_WHITE if current else _DARK, (2 if current else 1.2) * ratio))
        painter.setBrush(instance_tint(instance))
        painter.drawRoundedRect(box, _BADGE * ratio / 2, _BADGE * ratio / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        font = _name_font(size, italic=False)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("#10141a"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_prediction(self, painter: QPainter, shown: Mapping[Key, Keypoint], prediction: Points) -> None:
        """Diamonds, each joined to where the label has the same point."""
        size = 5 * self.pixel_ratio
        for point in prediction.placed:
            place = self._place(point)
            label = shown.get((point.instance, point.index))
            painter.setPen(QPen(self._color(point.index), 1.6 * self.pixel_ratio, Qt.PenStyle.DashLine))
            if label is not None:
                painter.drawLine(QLineF(self._place(label), place))
            diamond = QPainterPath(place + QPointF(0, -size))
            for dx, dy in ((size, 0), (0, size), (-size, 0)):
                diamond.lineTo(place + QPointF(dx, dy))
            diamond.closeSubpath()
            painter.strokePath(diamond, QPen(_DARK, 4 * self.pixel_ratio))
            painter.strokePath(diamond, QPen(self._color(point.index), 1.8 * self.pixel_ratio))

    def _name(self, index: int) -> str:
        return self.settings.keypoints[index].name if index < len(self.settings.keypoints) else ""

    def _is_retired(self, index: int) -> bool:
        return index < len(self.settings.keypoints) and self.settings.keypoints[index].retired

    def _color(self, index: int) -> QColor:
        if index >= len(self.settings.keypoints):
            return QColor(_WHITE)
        return QColor(self.settings.keypoints[index].color)


def _name_font(size: int, *, italic: bool) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(size)
    font.setItalic(italic)
    return font


@lru_cache(maxsize=2048)
def _name_size(name: str, size: int) -> tuple[float, float]:
    """Width and height in device pixels."""
    metrics = QFontMetricsF(_name_font(size, italic=True))
    return metrics.horizontalAdvance(name), metrics.height()


@lru_cache(maxsize=2048)
def _name_path(name: str, size: int, italic: bool) -> QPainterPath:
    """The name's outline, starting at (0, 0) with its middle at y = 0."""
    path = QPainterPath()
    font = _name_font(size, italic=italic)
    path.addText(QPointF(0, QFontMetricsF(font).ascent() / 2 - size / 11), font, name)
    return path
