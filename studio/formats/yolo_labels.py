"""YOLO's label lines: a class, and a box, a polygon or keypoints in shares of the picture's width and height."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.points import Keypoint, Points, Visibility
from studio.core.shapes import Carried, Ring, Shape, Shaped, ShapeKind
from studio.formats.complaints import Complaints
from studio.formats.label_masks import picture_size
from studio.formats.point_labels import PointsReader
from studio.formats.shape_layers import smaller_above_larger
from studio.formats.tables import read_lines
from studio.formats.yolo_files import PoseShape

YOLO: Final = "yolo"
LINE: Final = "line"
_BOX: Final = 4
_FLAGS: Final = {0: Visibility.ABSENT, 1: Visibility.HIDDEN, 2: Visibility.VISIBLE}
_DIGITS: Final = 8
"""Of shares: a hundred-millionth of a picture is less than a thousandth of a pixel, however large it is."""

_BESIDE: Final = 1.0
"""Pixels by which rounding may put a point beside the picture."""


@dataclasses.dataclass(frozen=True)
class YoloShapes:
    """`names` are classes by number, `ids` class ids by name."""

    path: Path
    names: Mapping[int, str]
    ids: Mapping[str, int]
    fill: int

    def __call__(self, size: tuple[int, int], problems: list[str]) -> Carried:
        """Raises BadTable, BadInput."""
        complaints = Complaints(self.path)
        shapes: list[Shape] = []
        for place, line, name, numbers in label_lines(self.path, self.names, complaints):
            try:
                shape = _region(numbers, *size)
            except ValueError as error:
                complaints.add(f"line {place}", str(error))
                continue
            shapes.append(msgspec.structs.replace(shape, label=name, class_id=self.ids[name], rest={LINE: line}))
        problems += complaints.sentences
        return Carried(source=YOLO, width=size[0], height=size[1], shapes=smaller_above_larger(shapes), fill=self.fill)


@dataclasses.dataclass(frozen=True)
class YoloPoses:
    """Every line becomes an instance of the keypoints."""

    path: Path
    picture: Path
    names: Mapping[int, str]
    pose: PoseShape

    def __call__(self, problems: list[str]) -> Shaped:
        """Raises UnreadableImage, BadTable, BadInput."""
        size = picture_size(self.picture)
        complaints = Complaints(self.path)
        shapes: list[Shape] = []
        placed: list[Keypoint] = []
        for place, line, name, numbers in label_lines(self.path, self.names, complaints):
            try:
                points = pose_points(numbers, self.pose, size, instance=len(shapes))
                box = _region(numbers[:_BOX], *size)
            except ValueError as error:
                complaints.add(f"line {place}", str(error))
                continue
            shapes.append(msgspec.structs.replace(box, label=name, instance=len(shapes), rest={LINE: line}))
            placed += points
        problems += complaints.sentences
        points = PointsReader(self.picture, Points(tuple(placed)))(problems)
        return Shaped(points, Carried(source=YOLO, width=size[0], height=size[1], shapes=tuple(shapes)))


def label_lines(
    path: Path, names: Mapping[int, str], complaints: Complaints
) -> Iterator[tuple[int, str, str, list[float]]]:
    """Each line's number, its text, its class and the numbers after that. Raises BadTable, BadInput."""
    for place, line in enumerate(read_lines(path), start=1):
        words = line.split()
        if not words:
            continue
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            complaints.add(f"line {place}", "it has something else than numbers")
            continue
        if not all(map(math.isfinite, numbers)):
            complaints.add(f"line {place}", "it has numbers that are none")
        elif not numbers[0].is_integer() or int(numbers[0]) not in names:
            complaints.add(f"line {place}", f"there is no class {words[0]}")
        else:
            yield place, line, names[int(numbers[0])], numbers[1:]


def _region(numbers: Sequence[float], width: int, height: int) -> Shape:
    """A box for four numbers, a polygon for more. Raises ValueError."""
    if len(numbers) == _BOX:
        cx, cy, wide, high = numbers
        if wide <= 0 or high <= 0:
            raise ValueError("its box has no width or no height")
        left, top = (cx - wide / 2) * width, (cy - high / 2) * height
        corners = ((left, top), (left + wide * width, top + high * height))
        return Shape(kind=ShapeKind.RECTANGLE, label="", points=corners)
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"{len(numbers)} numbers after the class are neither a box nor a polygon")
    ring = tuple((x * width, y * height) for x, y in zip(numbers[::2], numbers[1::2], strict=True))
    return Shape(kind=ShapeKind.POLYGON, label="", parts=((ring,),))


def pose_points(numbers: Sequence[float], pose: PoseShape, size: tuple[int, int], *, instance: int) -> list[Keypoint]:
    """Raises ValueError. Of points without a visibility the ones at (0, 0) are absent, as ultralytics takes them."""
    values = numbers[_BOX:]
    if len(values) != pose.count * pose.numbers:
        raise ValueError(f"it has {len(values)} numbers for keypoints and not {pose.count} times {pose.numbers}")
    points: list[Keypoint] = []
    for index in range(pose.count):
        x, y, *flag = values[index * pose.numbers : (index + 1) * pose.numbers]
        known = flag[0] if flag else 2.0 * bool(x or y)
        if known not in _FLAGS:
            raise ValueError(f"the visibility {known:g} is not 0, 1 or 2")
        place = _inside(x * size[0], size[0]), _inside(y * size[1], size[1])
        points.append(Keypoint(index=index, x=place[0], y=place[1], visibility=_FLAGS[int(known)], instance=instance))
    return points


def _inside(value: float, limit: int) -> float:
    """A place that rounding has put beside the picture is on its edge."""
    return min(max(value, 0.0), float(limit)) if -_BESIDE < value < limit + _BESIDE else value


def box_numbers(left: float, top: float, right: float, bottom: float, width: int, height: int) -> list[float]:
    return [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height]


def ring_numbers(ring: Ring, width: int, height: int) -> list[float]:
    return [value for x, y in ring for value in (x / width, y / height)]


def pose_numbers(points: Sequence[Keypoint], pose: PoseShape, width: int, height: int) -> list[float]:
    """The numbers of an instance; zeros where a point was not placed."""
    flags = {visibility: float(flag) for flag, visibility in _FLAGS.items()}
    numbers = [0.0] * (pose.count * pose.numbers)
    for point in points:
        if pose.numbers == 2 and point.visibility is Visibility.ABSENT:
            continue
        values = [point.x / width, point.y / height, flags[point.visibility]][: pose.numbers]
        numbers[point.index * pose.numbers : (point.index + 1) * pose.numbers] = values
    return numbers


def label_line(number: int, numbers: Sequence[float]) -> str:
    return " ".join([str(number), *(_short(value) for value in numbers)])


def _short(value: float) -> str:
    text = f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
