"""Labels as a cell of a table tells them: class names, tags, the path of a mask, or the numbers of points."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from studio.core.arrays import Mask
from studio.core.images import image_size
from studio.core.masks import check_mask, read_mask
from studio.core.points import Keypoint, Points
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags

Told = Mask | Points | Tags


def told_label(cell: str, settings: ProjectSettings, *, picture: Path, folder: Path) -> Told:
    """What `cell` says about the picture. Paths of masks are relative to `folder`.

    Raises ValueError with the reason in words where it says nothing that the project knows, BadMask.
    """
    if settings.task is Task.SEGMENTATION:
        path = folder / cell.replace("\\", "/")
        if not path.is_file():
            raise ValueError(f"there is no mask {cell}")
        mask = read_mask(path)[0]
        check_mask(path, mask, image_size(picture), settings.known_classes)
        return mask
    if settings.task is Task.KEYPOINTS:
        return _points(cell, len(settings.keypoints))
    names = {**{str(c.id): c.id for c in settings.classes}, **{c.name.lower(): c.id for c in settings.classes}}
    if settings.task is Task.MULTI_LABEL:
        return _tags(cell, names)
    return Tags.of([_class_id(cell, names)])


def _class_id(cell: str, names: Mapping[str, int]) -> int:
    found = names.get(cell.strip().lower())
    if found is None:
        raise ValueError(f"no class is called {cell}")
    return found


def _tags(cell: str, names: Mapping[str, int]) -> Tags:
    """One name, or several with a semicolon, a bar, a comma or a blank between them."""
    if cell.strip().lower() in names:
        return Tags.of([names[cell.strip().lower()]])
    parts = [part for part in re.split(r"[;|,]", cell) if part.strip()]
    if len(parts) == 1:
        parts = cell.split()
    return Tags.of(_class_id(part, names) for part in parts)


def _points(cell: str, keypoints: int) -> Points:
    """`x y` of each keypoint in their order, in pixels of the picture, whatever stands between the numbers."""
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", cell)]
    if not numbers or len(numbers) % 2 or len(numbers) // 2 > keypoints:
        raise ValueError(f"{cell} is not x and y of up to {keypoints} points")
    return Points(tuple(Keypoint(index=i // 2, x=numbers[i], y=numbers[i + 1]) for i in range(0, len(numbers), 2)))
