"""Label and prediction of points on a picture: crosses, rings, a line between the two and how long it is. Fit for any
thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from studio.core.points import Keypoint, Points, Visibility
from studio.ui.review.differences import point_pairs

_LARGEST_MARK: Final = 2.2
"""Marks grow with the picture up to this many times their smallest size."""

_ARM: Final = 4.5
_BESIDE: Final = 1.4
"""How far a distance is from its line, in parts of its height; so far reaches a mark."""

_SMALLEST_LETTERS: Final = 10
_LARGEST_LETTERS: Final = 15
_PAPER: Final = QColor(0, 0, 0, 165)
_INK: Final = QColor(255, 255, 255, 240)

Pair = tuple[Keypoint, Keypoint]


def mark_points(
    image: QImage,
    label: Points,
    predicted: Points,
    shown: QRectF,
    *,
    colors: Sequence[str],
    line: tuple[int, int, int],
    written_from: int,
    ratio: float = 1.0,
) -> None:
    """`shown` is the original's part that `image` shows; `colors` go by keypoint index; distances, in pixels of the
    original, are written as far as they have room, the largest first, where the image's shorter side is at least
    `written_from`. Sizes are `ratio` times those on a plain screen."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(image.width(), image.height()) / ratio
    unit = ratio * min(_LARGEST_MARK, max(1.0, side / 110))
    scale_x, scale_y = image.width() / shown.width(), image.height() / shown.height()

    def place(point: Keypoint) -> QPointF:
        return QPointF((point.x - shown.left()) * scale_x, (point.y - shown.top()) * scale_y)

    def color(point: Keypoint) -> QColor:
        return QColor(colors[point.index]) if point.index < len(colors) else QColor("#ffffff")

    pairs = point_pairs(label, predicted)
    for a, b in pairs:
        between = QLineF(place(a), place(b))
        _stroke(painter, QColor(*line), unit, lambda between=between: painter.drawLine(between))
    crosses, rings = _there(label), _there(predicted)
    for point in crosses:
        _cross(painter, place(point), color(point), unit)
    for point in rings:
        centre = place(point)
        _stroke(
            painter, color(point), unit, lambda centre=centre: painter.drawEllipse(centre, _ARM * unit, _ARM * unit)
        )
    if side >= written_from:
        taken = [_around(place(point), QSizeF(2 * _ARM * unit, 2 * _ARM * unit)) for point in (*crosses, *rings)]
        room, letters = QRectF(image.rect()), _letters(side, ratio)
        lines = [(QLineF(place(a), place(b)), distance((a, b)), color(a)) for a, b in pairs]
        for box, words, tone in placed_distances(lines, room, taken, letters):
            painter.setFont(letters)
            painter.setPen(QPen(tone, 1))
            painter.setBrush(_PAPER)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(_INK)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    painter.end()


def _there(points: Points) -> list[Keypoint]:
    return [point for point in points.placed if point.visibility is not Visibility.ABSENT]


def distance(pair: Pair) -> float:
    """In pixels of the original."""
    return math.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y)


def distance_in_words(pixels: float) -> str:
    return f"{pixels:.1f} px" if pixels < 10 else f"{pixels:.0f} px"


def _letters(side: float, ratio: float) -> QFont:
    font = QFont()
    font.setPixelSize(round(ratio * min(_LARGEST_LETTERS, max(_SMALLEST_LETTERS, side / 22))))
    return font


def placed_distances(
    lines: Iterable[tuple[QLineF, float, QColor]], room: QRectF, taken: Sequence[QRectF], font: QFont
) -> list[tuple[QRectF, str, QColor]]:
    """`lines`: from the label to the prediction, how far that is, and the point's colour. Where each distance is
    written: beside the middle or an end of its line and over nothing that is taken; what finds no place is left out."""
    metrics = QFontMetricsF(font)
    found: list[tuple[QRectF, str, QColor]] = []
    for line, pixels, color in sorted(lines, key=lambda entry: -entry[1]):
        words = distance_in_words(pixels)
        high = metrics.height()
        size = QSizeF(metrics.horizontalAdvance(words) + 0.6 * high, high + 2)
        box = _free_box(size, line, room, [*taken, *(box for box, _, _ in found)])
        if box is not None:
            found.append((box, words, color))
    return found


def _free_box(size: QSizeF, between: QLineF, room: QRectF, taken: Sequence[QRectF]) -> QRectF | None:
    """Within the room, near the line, over nothing that is taken."""
    far_x, far_y = (size.width() + _BESIDE * size.height()) / 2, (1 + _BESIDE) * size.height() / 2
    steps = [(0.0, far_y), (0.0, -far_y), (far_x, 0.0), (-far_x, 0.0), (far_x, far_y), (-far_x, -far_y)]
    for anchor in (between.center(), between.p2(), between.p1()):
        for x, y in steps:
            box = _around(anchor + QPointF(x, y), size)
            if room.contains(box) and not any(box.intersects(other) for other in taken):
                return box
    return None


def _around(centre: QPointF, size: QSizeF) -> QRectF:
    return QRectF(centre - QPointF(size.width() / 2, size.height() / 2), size)


def _cross(painter: QPainter, centre: QPointF, color: QColor, unit: float) -> None:
    arm = _ARM * unit

    def draw_it() -> None:
        painter.drawLine(centre + QPointF(-arm, 0), centre + QPointF(arm, 0))
        painter.drawLine(centre + QPointF(0, -arm), centre + QPointF(0, arm))

    _stroke(painter, color, unit, draw_it)


def _stroke(painter: QPainter, color: QColor, unit: float, shape: Callable[[], object]) -> None:
    """Draw the shape twice, a dark rim first, so that it is seen on any ground."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for tone, width in ((QColor(0, 0, 0, 170), 3.2 * unit), (color, 1.6 * unit)):
        painter.setPen(QPen(tone, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        shape()
