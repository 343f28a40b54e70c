"""Keypoints that are already known when an import is planned, checked against their picture when they are read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.images import image_size
from studio.core.points import Points, Visibility


@dataclasses.dataclass(frozen=True)
class PointsReader:
    """Hands over the points of one picture."""

    image: Path
    points: Points

    def __call__(self, problems: list[str]) -> Points:
        """The points that lie in the picture, a sentence for each other one. Raises UnreadableImage, and BadInput where
        no point is left."""
        width, height = image_size(self.image)
        inside = []
        for point in self.points.placed:
            if point.visibility is Visibility.ABSENT or (0 <= point.x <= width and 0 <= point.y <= height):
                inside.append(point)
            else:
                problems.append(
                    f"{self.image}: the point at ({point.x:.1f}, {point.y:.1f}) lies outside of the picture "
                    f"of {width}×{height}; it was left out."
                )
        if not inside and self.points.placed:
            raise BadInput(f"{self.image} has no point that lies in the picture; it stays unlabelled.")
        return Points(tuple(inside))
