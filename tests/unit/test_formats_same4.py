"""Four pictures annotated once with CVAT and exported in several formats, and once more by hand with labelme.

What CVAT exported must agree after the import; the labelme files have outlines of their own, so that they are held
against their own geometry.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.core.shape_painting import covered
from studio.core.shapes import Carried, Shaped
from studio.formats import importer


def carried_by_picture(format_name: str, source: Path) -> dict[str, Carried]:
    """The shapes of each picture, by its name without folder and suffix."""
    plan = importer(format_name).plan(source)
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
