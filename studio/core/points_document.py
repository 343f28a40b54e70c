"""Open keypoints: placing, moving and hiding them as edits."""

from __future__ import annotations

from studio.core.edits import Edit, PointsEdit
from studio.core.history import History, Journal
from studio.core.points import Keypoint, Points, Visibility
from studio.core.value_document import ValueDocument


class PointsDocument(ValueDocument[Points]):
    """Keypoints that are being placed."""

    def __init__(self, points: Points, size: tuple[int, int], journal: Journal, history: History) -> None:
        super().__init__(points, journal, history)
        self.size = size
        """(width, height) of the picture in pixels."""

    @property
    def points(self) -> Points:
        return self._value

    def place(self, point: Keypoint) -> None:
        """Add `point`, or put it in the place of the one with its index and instance."""
        self._become(self._value.with_point(point), "placing a point")

    def move(self, index: int, x: float, y: float, *, instance: int = 0) -> None:
        """Move a placed point to (x, y) in image pixels. Raises KeyError when it is not placed."""
        point = self._placed(index, instance)
        moved = Keypoint(index=index, x=x, y=y, visibility=point.visibility, instance=instance)
        self._become(self._value.with_point(moved), "moving a point")

    def set_visibility(self, index: int, visibility: Visibility, *, instance: int = 0) -> None:
        """Raises KeyError when the point is not placed."""
        point = self._placed(index, instance)
        seen = Keypoint(index=index, x=point.x, y=point.y, visibility=visibility, instance=instance)
        self._become(self._value.with_point(seen), "visibility")

    def remove(self, index: int, *, instance: int = 0) -> None:
        """Take a point away; does nothing when it is not placed."""
        self._become(self._value.without(index, instance), "removing a point")

    def _placed(self, index: int, instance: int) -> Keypoint:
        point = self._value.get(index, instance)
        if point is None:
            raise KeyError(f"point {index} of instance {instance} is not placed")
        return point

    def _edit(self, what: str, old: Points, new: Points) -> Edit:
        return PointsEdit(what, old, new)

    def _ends(self, edit: Edit) -> tuple[Points, Points]:
        assert isinstance(edit, PointsEdit)
        return edit.old, edit.new
