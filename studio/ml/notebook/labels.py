"""From the labels of a data block chain to the snapshot that the engine trains on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from studio.core.classes import MAX_CLASSES, LabelClass, distinct_color, make_classes
from studio.core.errors import BadInput
from studio.core.images import image_size
from studio.core.items import Split
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import Tags

Label = Any
"""What a label may be: a name or number (one class), a list of names (tags), a path (a mask), numbers (points)."""

Labelled = tuple[Path, Label]

ImageClassificationDataset: Final = Task.SINGLE_LABEL
ImageMultiDataset: Final = Task.MULTI_LABEL
SegmentationDataset: Final = Task.SEGMENTATION
PointsDataset: Final = Task.KEYPOINTS


def task_of(label: Label) -> Task:
    """What labels of this kind are for. Raises BadInput for a kind that nothing is trained on."""
    if isinstance(label, (str, int, np.str_, np.integer)):
        return Task.SINGLE_LABEL
    if isinstance(label, Path):
        return Task.SEGMENTATION
    if isinstance(label, (list, tuple, set)) and all(isinstance(name, str) for name in label):
        return Task.MULTI_LABEL
    if hasattr(label, "__len__") and np.asarray(label).dtype.kind in "fiu":
        return Task.KEYPOINTS
    raise BadInput(
        f"A label is {label!r}; it has to be a class, a list of tags, the path of a mask, or the coordinates of points."
    )


def make_snapshot(
    task: Task,
    labelled: Mapping[Split, Sequence[Labelled]],
    *,
    classes: Sequence[str] | None,
    order: str,
) -> Snapshot:
    """The snapshot of the training and validation items with their labels, and of test items without.

    `classes`: the names in the order of their ids; by default those that occur, sorted. `order` says whether points
    come as "yx", as in lesson 3, or as "xy". Raises BadInput for labels that do not fit.
    """
    known = [label for split in (Split.TRAIN, Split.VALID) for _, label in labelled.get(split, ()) if label is not None]
    if not known:
        raise BadInput("No item of the training and validation set has a label; look at what the chain labels by.")
    names = _class_names(task, known) if classes is None else [str(name) for name in classes]
    if len(names) > MAX_CLASSES:
        raise BadInput(f"There are {len(names):,} classes, and {MAX_CLASSES} are the most; choose labels that repeat.")
    made = tuple(make_classes(names))
    ids = {label_class.name: label_class.id for label_class in made}
    items: list[SnapshotItem] = []
    for split, pairs in labelled.items():
        for path, label in pairs:
            item = SnapshotItem(
                id=len(items) + 1,
                name=path.name,
                image=str(path.resolve()),
                split=split,
                revision=0,
                **_label_fields(task, path, None if split is Split.TEST else label, ids=ids, order=order),
            )
            items.append(item)
    keypoints = _keypoints(items) if task is Task.KEYPOINTS else ()
    return Snapshot(task=task, classes=made, keypoints=keypoints, items=tuple(items))


def void_class(classes: Sequence[LabelClass]) -> LabelClass | None:
    """The first class that no metric counts."""
    return next((label_class for label_class in classes if label_class.void), None)


def _class_names(task: Task, labels: Sequence[Label]) -> list[str]:
    if task in (Task.SINGLE_LABEL, Task.TEXT):
        return sorted({str(label) for label in labels})
    if task is Task.MULTI_LABEL:
        return sorted({str(tag) for tags in labels for tag in tags})
    if task is Task.SEGMENTATION:
        raise BadInput("Masks hold numbers; say what they mean with .datasets(SegmentationDataset, classes=codes).")
    return []


def _label_fields(task: Task, path: Path, label: Label, *, ids: Mapping[str, int], order: str) -> dict[str, Any]:
    if label is None:
        return {}
    if task is Task.SEGMENTATION:
        return {"mask": str(Path(label).resolve())}
    if task is Task.KEYPOINTS:
        return {"points": _points(path, label, order=order)}
    tags = label if task is Task.MULTI_LABEL else [label]
    unknown = sorted({str(tag) for tag in tags} - set(ids))
    if unknown:
        raise BadInput(f"{path} has the label {unknown[0]}, which is none of the classes; add it to them.")
    return {"tags": Tags.of(ids[str(tag)] for tag in tags)}


def _points(path: Path, label: Label, *, order: str) -> Points:
    """One point, or several, in pixels of the picture."""
    places = np.asarray(label, np.float64).reshape(-1, 2)
    if order == "yx":
        places = places[:, ::-1]
    width, height = image_size(path)
    for x, y in places:
        if not (0 <= x <= width and 0 <= y <= height):
            raise BadInput(
                f"{path} is {width}×{height} pixels and has a point at x = {x:.0f}, y = {y:.0f}; points are (y, x) as "
                'in lesson 3 unless .datasets(PointsDataset, order="xy") says otherwise.'
            )
    return Points(tuple(Keypoint(index=i, x=float(x), y=float(y)) for i, (x, y) in enumerate(places)))


def _keypoints(items: Sequence[SnapshotItem]) -> tuple[KeypointName, ...]:
    count = max(len(item.points.placed) for item in items if item.points is not None)
    return tuple(KeypointName(name=f"point {i + 1}", color=distinct_color(i)) for i in range(count))
