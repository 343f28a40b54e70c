"""Open keypoints: placing, moving and hiding them as edits."""

from __future__ import annotations

from studio.core.edits import Edit, PointsEdit
from studio.core.history import History, Journal, JournaledDocument
from studio.core.points import Keypoint, Points, Visibility
from studio.core.signals import Signal


class PointsDocument(JournaledDocument):
    """Keypoints that are being placed. Changes between `begin` and `commit` are one edit; others are one each."""

    def __init__(self, points: Points, size: tuple[int, int], journal: Journal, history: History) -> None:
        super().__init__(journal, history)
        self.changed: Signal[()] = Signal()
        self.size = size
        """(width, height) of the picture in pixels."""
        self._points = points
        self._what: str | None = None
        self._refused = False
        self._before = points
        self._since: Points | None = None
        """The points when a refused edit was carried on; None where none was."""

    @property
    def points(self) -> Points:
        return self._points

    @property
    def is_editing(self) -> bool:
        return self._what is not None

    @property
    def refused(self) -> PointsEdit | None:
        return PointsEdit(self._what, self._before, self._points) if self._refused and self._what is not None else None

    def begin(self, what: str) -> None:
        """Open an edit, such as “drag”. One that is still open is committed first; one that the journal could not take
        is carried on."""
        if self._refused:
            self._since = self._points
            return
        self.commit()
        self._what = what
        self._before = self._points

    def place(self, point: Keypoint) -> None:
        """Add `point`, or put it in the place of the one with its index and instance."""
        self._become(self._points.with_point(point), "placing a point")

    def move(self, index: int, x: float, y: float, *, instance: int = 0) -> None:
        """Move a placed point to (x, y) in image pixels. Raises KeyError when it is not placed."""
        point = self._placed(index, instance)
        moved = Keypoint(index=index, x=x, y=y, visibility=point.visibility, instance=instance)
        self._become(self._points.with_point(moved), "moving a point")

    def set_visibility(self, index: int, visibility: Visibility, *, instance: int = 0) -> None:
        """Raises KeyError when the point is not placed."""
        point = self._placed(index, instance)
        seen = Keypoint(index=index, x=point.x, y=point.y, visibility=visibility, instance=instance)
        self._become(self._points.with_point(seen), "visibility")

    def remove(self, index: int, *, instance: int = 0) -> None:
        """Take a point away; does nothing when it is not placed."""
        self._become(self._points.without(index, instance), "removing a point")

    def replace(self, points: Points, what: str) -> bool:
        """Take over all points as one edit; returns whether anything changed."""
        self.begin(what)
        self._become(points, what)
        return self.commit()

    def commit(self) -> bool:
        """Close the edit: when this returns True the journal has it; False says that nothing changed.

        Raises CannotWrite when the journal cannot be written: the edit then stays open and the next commit brings it
        along.
        """
        if self._what is None:
            return False
        differs = self._points != self._before
        if differs:
            self._refused = True
            edit = PointsEdit(self._what, self._before, self._points)
            self._history = self._journal.commit(self.item.id, edit, self.head)
        self._refused = False
        self._what = self._since = None
        self._before = self._points
        if differs:
            self.history_changed.emit()
        return differs

    def cancel(self) -> None:
        """Close the edit as if it had never been begun. Of one that carries on what the journal could not take only
        what came since it was begun goes; what was refused before stays."""
        if self._since is not None:
            self._show(self._since)
            self._since = None
        elif self._what is not None:
            self._show(self._before)
            self._refused = False
            self._what = None

    def adopt(self, edit: PointsEdit, history: History) -> None:
        """Follow an edit that the store has journaled itself, such as an accepted prediction."""
        self._history = history
        self._show(edit.new)
        self.history_changed.emit()

    def _follow(self, edit: Edit, *, back: bool) -> None:
        assert isinstance(edit, PointsEdit)
        self._show(edit.old if back else edit.new)
        self._before = self._points

    def _placed(self, index: int, instance: int) -> Keypoint:
        point = self._points.get(index, instance)
        if point is None:
            raise KeyError(f"point {index} of instance {instance} is not placed")
        return point

    def _become(self, points: Points, what: str) -> None:
        if points == self._points:
            return
        alone = self._what is None
        if alone:
            self.begin(what)
        self._show(points)
        if alone:
            self.commit()

    def _show(self, points: Points) -> None:
        if points != self._points:
            self._points = points
            self.changed.emit()
