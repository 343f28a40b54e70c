"""Keypoints of a project as COCO annotations: one for each instance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings
from studio.core.shape_painting import bounds
from studio.core.shapes import Carried, Shape
from studio.formats.coco_file import CocoAnnotation
from studio.formats.coco_shapes import carried_values, from_points, original_segmentation, to_points


class KeypointAnnotations:
    """`category` is the one of the import that has these keypoints, or a new one."""

    def __init__(self, settings: ProjectSettings, notes: Mapping[str, Any]) -> None:
        self._names = [keypoint.name for keypoint in settings.keypoints]
        skeleton = [[a + 1, b + 1] for a, b in settings.links]
        known = notes.get("categories", [])
        of_import = (c for c in known if isinstance(c, dict) and c.get("keypoints") == self._names)
        fresh: dict[str, Any] = {"id": 1, "name": "object", "supercategory": ""}
        self.category: dict[str, Any] = {
            **next(of_import, fresh),
            "keypoints": self._names,
            "skeleton": skeleton,
        }

    def of(self, points: Points, carried: Carried | None, width: int, height: int) -> Iterator[dict[str, Any]]:
        """An annotation for each instance with a point, the source's own values kept, and those of the source that have
        no labelled point as they were."""
        by_instance: dict[int, list[Keypoint]] = {}
        for point in points.placed:
            by_instance.setdefault(point.instance, []).append(point)
        for shape in carried.shapes if carried else ():
            if shape.instance is None:
                yield self._entry(shape, carried_values(shape))
            elif shape.instance in by_instance:
                yield self._entry(shape, self._values(shape, by_instance.pop(shape.instance)))
        for of_instance in by_instance.values():
            yield self._entry(None, self._fresh(of_instance))

    def _entry(self, shape: Shape | None, values: dict[str, Any]) -> dict[str, Any]:
        entry = {
            **values,
            "category_id": self.category["id"],
            "iscrowd": int(shape.crowd) if shape else 0,
            "segmentation": original_segmentation(shape) if shape else [],
        }
        return {**entry, "attributes": shape.attributes} if shape and shape.attributes else entry

    def _values(self, shape: Shape, points: list[Keypoint]) -> dict[str, Any]:
        """The source's values, its keypoints as they stand as long as nobody moved one."""
        values = carried_values(shape)
        before = CocoAnnotation(image_id=0, keypoints=values.get("keypoints"))
        placed = sorted(points, key=lambda point: point.index)
        try:
            if to_points(before, instance=placed[0].instance, names=len(self._names)) == placed:
                return values
        except (ValueError, TypeError):
            pass  # another program's names; they are written anew
        return {**values, **self._numbers(points)}

    def _numbers(self, points: list[Keypoint]) -> dict[str, Any]:
        labelled = sum(point.visibility is not Visibility.ABSENT for point in points)
        return {"keypoints": from_points(points, len(self._names)), "num_keypoints": labelled}

    def _fresh(self, points: list[Keypoint]) -> dict[str, Any]:
        """COCO measures keypoints by their object's area; without an object it is that of the box around the points."""
        seen = [(p.x, p.y) for p in points if p.visibility is not Visibility.ABSENT]
        left, top, right, bottom = bounds(seen) if seen else (0.0, 0.0, 0.0, 0.0)
        box = [left, top, right - left, bottom - top]
        return {**self._numbers(points), "bbox": box, "area": box[2] * box[3]}
