"""Four pictures annotated once with CVAT and exported in several formats, and by hand with labelme and as YOLO.

What CVAT exported must agree after the import, as far as a format holds it: its XML holds all 25 annotations, COCO the
23 that have an area, Pascal VOC the 18 boxes and two ellipses as a mask, Darknet's YOLO the 18 boxes. labelme's files
and the folder `yolo` have the same 25 objects with outlines and boxes of their own, so that labelme's are held against
their own geometry and those of YOLO against what they lie on.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.core.shape_painting import Covered, covered
from studio.core.shapes import Carried, Shape, Shaped, ShapeKind
from studio.formats import importer

Box = tuple[float, float, float, float]


def carried_by_picture(format_name: str, source: Path, **answers: str) -> dict[str, Carried]:
    """The shapes of each picture, by its name without folder and suffix."""
    plan = importer(format_name).plan(source, **answers)
    found = {Path(plan.items[index].name).stem: label for index, label in plan.annotations}
    return {name: label.carried for name, label in found.items() if isinstance(label, Shaped)}


def test_coco_regions_have_the_areas_and_boxes_that_the_file_says(shared_data: Path) -> None:
    """Areas within 1 %, boxes within 1 pixel. CVAT gives the areas of polygons in pixels, of boxes as width × height;
    a box of 20 pixels that begins between two pixels can lose a row, so that its area is held to its outline."""
    shapes = [
        (shape, covered(shape, carried.width, carried.height))
        for carried in carried_by_picture("coco", shared_data / "same4" / "coco1.0").values()
        for shape in carried.shapes
    ]
    assert len(shapes) == 23
    for shape, found in shapes:
        assert found is not None
        rect, region = found
        rows, columns = np.nonzero(region)
        x, y, width, height = shape.rest["bbox"]
        box = (rect.x + columns.min(), rect.y + rows.min(), rect.x + columns.max() + 1, rect.y + rows.max() + 1)
        assert np.abs(np.subtract(box, (x, y, x + width, y + height))).max() <= 1
        if shape.points:
            edges = 2 * (width + height)
            assert abs(region.sum() - shape.rest["area"]) <= edges / 2 + 1
        else:
            assert region.sum() == pytest.approx(shape.rest["area"], rel=0.01)


def test_labelme_regions_have_the_areas_of_their_outlines(shared_data: Path) -> None:
    source = shared_data / "same4" / "labelme"
    for name, carried in carried_by_picture("labelme", source).items():
        given = json.loads((source / f"{name}.json").read_text())["shapes"]
        for shape, values in zip(carried.shapes, given, strict=True):
            found = covered(shape, carried.width, carried.height)
            points = np.array(values["points"])
            if values["shape_type"] == "polygon":
                assert found is not None
                xs, ys = points.T
                area = abs(np.dot(xs, np.roll(ys, -1)) - np.dot(ys, np.roll(xs, -1))) / 2
                assert found[1].sum() == pytest.approx(area, rel=0.01)
            elif values["shape_type"] == "circle":
                assert found is not None
                assert found[1].sum() == pytest.approx(np.pi * ((points[0] - points[1]) ** 2).sum(), rel=0.01)
            elif values["shape_type"] == "rectangle":
                assert found is not None
                assert np.abs([found[1].shape[1], found[1].shape[0]] - np.abs(points[0] - points[1])).max() <= 2


def painted_by_label(format_name: str, source: Path, **answers: str) -> dict[tuple[str, str], list[tuple[Box, int]]]:
    """By picture and label the box (left, top, right, bottom) and the area in pixels of every shape that is painted."""
    found: dict[tuple[str, str], list[tuple[Box, int]]] = {}
    for picture, carried in carried_by_picture(format_name, source, **answers).items():
        for shape in carried.shapes:
            area = covered(shape, carried.width, carried.height) if shape.class_id is not None else None
            if area is not None:
                found.setdefault((picture, shape.label), []).append((box_of(shape, area), int(area[1].sum())))
    return found


def box_of(shape: Shape, area: Covered) -> Box:
    """Of a rectangle its own corners, else around its pixels."""
    if shape.kind is ShapeKind.RECTANGLE:
        (left, top), (right, bottom) = shape.points
        return left, top, right, bottom
    rect, region = area
    rows, columns = np.nonzero(region)
    return rect.x + columns.min(), rect.y + rows.min(), rect.x + columns.max() + 1, rect.y + rows.max() + 1


def apart(one: Box, other: Box) -> float:
    """How many pixels the farthest of the four sides is away."""
    return float(np.abs(np.subtract(one, other)).max())


@pytest.mark.parametrize(
    ("format_name", "folder", "form", "count"),
    [
        ("coco", "coco1.0", "", 23),
        ("voc", "voc1.1", "boxes", 18),
        ("voc", "voc1.1", "masks", 2),
        ("yolo", "yolo1.1", "", 18),
    ],
)
def test_what_cvat_exported_agrees_with_its_own_xml(
    shared_data: Path, format_name: str, folder: str, form: str, count: int
) -> None:
    """Boxes within 1 pixel; areas within 1 %, or by what rounding does: CVAT draws an ellipse as a mask with all pixels
    that its line touches, which is half a pixel more all around (1.4 % of the smaller one), and a box with 6 digits can
    reach the next row of pixels."""
    here = shared_data / "same4"
    ours = painted_by_label("cvat", here / "cvat1.1")
    theirs = painted_by_label(format_name, here / folder, **({"form": form} if form else {}))
    assert sum(map(len, theirs.values())) == count
    for place, shapes in theirs.items():
        for box, area in shapes:
            near, expected = min(ours[place], key=lambda each: apart(each[0], box))
            assert apart(near, box) <= 1
            around = 2 * (near[2] - near[0] + near[3] - near[1])
            assert abs(area - expected) <= max(0.01 * expected, around / 2)
            assert area == pytest.approx(expected, rel=0.05)


def test_the_boxes_of_yolo_lie_on_the_objects_that_the_others_have(shared_data: Path) -> None:
    """A width paints the lines of labelme and CVAT, so that they have boxes. CVAT calls the circle an ellipse."""
    here = shared_data / "same4"
    boxes = painted_by_label("yolo", here / "yolo")
    assert sum(map(len, boxes.values())) == 25
    for name in ("labelme", "cvat"):
        others = painted_by_label(name, here / {"cvat": "cvat1.1"}.get(name, name), stroke="1")
        assert sum(map(len, others.values())) == 25
        for (picture, label), shapes in boxes.items():
            found = others.get((picture, label)) or others[picture, "ellipse"]
            assert all(max(overlap(box, other) for other, _ in found) > 0.55 for box, _ in shapes)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(wide, 0) * max(high, 0)
    return both / (sum((right - left) * (bottom - top) for left, top, right, bottom in (one, other)) - both)
