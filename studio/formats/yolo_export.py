"""YOLO as ultralytics documents it: `data.yaml`, `images/train/X`, `labels/train/X.txt`, the same for val and test.

A line is an outline; a hole is joined to its outline by a line that is gone along twice, so that filling it leaves the
hole. Where every label of the project is a box the lines are boxes. Lines that came from YOLO and whose pixels nobody
changed are written as they were. Pictures without a label are copied and have no label file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from studio.core.classes import UNLABELLED
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.keypoint_pairs import mirror_order
from studio.core.outlines import outline
from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.shape_painting import bounds, covered, painting_order, rectangle_ring
from studio.core.shapes import STROKES, Carried, Part, Ring, Shape, ShapeKind, SourceNotes
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    copy_picture,
    empty_folder,
    write_text,
)
from studio.formats.label_masks import picture_size
from studio.formats.listing import stem
from studio.formats.picture_places import PicturePlaces
from studio.formats.shape_export import Losses, background_id, item_shapes
from studio.formats.yaml_subset import write_scalar
from studio.formats.yolo_files import PoseShape
from studio.formats.yolo_labels import LINE, YOLO, box_numbers, label_line, pose_numbers, pose_points, ring_numbers

_FOLDERS: Final = {Split.TRAIN: "train", Split.VALID: "val", Split.TEST: "test", Split.PRODUCTION: "test"}
"""The layout has no place for what was seen in production; like test pictures these are never trained on unasked."""

_Line = tuple[str, str]
"""One shape as a box, empty where it is none, and as an outline."""


class YoloExporter:
    name = YOLO
    title = "YOLO (boxes, polygons, poses)"
    tasks = (Task.SEGMENTATION, Task.KEYPOINTS)

    def export(
        self,
        settings: ProjectSettings,
        items: Iterable[ExportedItem],
        out: Path,
        *,
        images: bool = True,
        notes: SourceNotes = NO_NOTES,
        progress: ProgressCall | None = None,
    ) -> ExportReport:
        empty_folder(out)
        losses, problems = Losses("YOLO"), list[str]()
        writer = _Writer(settings, notes.get(YOLO, {}), losses)
        splits: set[Split] = set()
        places = PicturePlaces(_FOLDERS)
        total = 0
        for total, exported in enumerate(items, start=1):
            name = places.place(exported.item)
            splits.add(exported.item.split)
            if images:
                problem = copy_picture(exported.item.path, out / "images" / name)
                problems += [problem] if problem else []
            if exported.label is not None:
                try:
                    writer.add(exported, f"{stem(name)}.txt")
                except (BadInput, ValueError) as error:
                    problems.append(f"{exported.item.name} was left out: {error}")
            if progress:
                progress(total)
        written = writer.write(out / "labels")
        write_text(out / "data.yaml", writer.yaml(splits))
        return ExportReport(
            items=total,
            labelled=len(writer.lines),
            problems=(*problems, *losses.sentences),
            sentence=f"{out} has {counted(total, 'image')}, {counted(len(writer.lines), 'label file')} and "
            f"{counted(written, 'line')} for YOLO.",
        )


class _Writer:
    """`lines` are those of each label file. Whether they are boxes is known only when all are there."""

    def __init__(self, settings: ProjectSettings, notes: Mapping[str, Any], losses: Losses) -> None:
        self._settings = settings
        self._losses = losses
        self._notes = notes
        self._ground = background_id(settings)
        named = [c.name for c in settings.classes if c.id != self._ground]
        known = {name: number for number, name in notes.get("names", [])}
        if settings.task is Task.KEYPOINTS:
            named = list(known) or ["object"]
        known = {name: number for name, number in known.items() if name in named}
        free = iter(number for number in range(len(named) + len(known)) if number not in known.values())
        self._numbers = {name: known[name] if name in known else next(free) for name in named}
        self._pose = PoseShape(len(settings.keypoints), notes.get("pose_numbers", 3))
        self.lines: dict[str, list[_Line]] = {}

    def add(self, exported: ExportedItem, name: str) -> None:
        """One labelled item. Raises BadInput, ValueError."""
        if name in self.lines:
            raise BadInput(f"another picture has the label file {name} already; rename one of them.")
        carried = exported.carried if exported.carried and exported.carried.source == YOLO else None
        if isinstance(exported.label, Points):
            self.lines[name] = list(self._poses(exported.label, carried, *picture_size(exported.item.path)))
        else:
            self.lines[name] = list(self._regions(exported, carried))

    def write(self, folder: Path) -> int:
        """Returns how many lines were written. Raises CannotWrite."""
        everything = [line for lines in self.lines.values() for line in lines]
        boxes = all(box for box, _ in everything)
        for name, lines in self.lines.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, [box if boxes else ring for box, ring in lines])
        if not boxes:
            for _ in range(sum(bool(box) for box, _ in everything)):
                self._losses.turned("boxes among polygons", "polygons")
        return len(everything)

    def yaml(self, splits: Iterable[Split]) -> Iterator[str]:
        """The lines of the data set's file. ultralytics asks for train and val; without validation pictures val names
        those of train."""
        present = set(splits)
        yield "path: ."
        yield f"train: images/{_FOLDERS[Split.TRAIN]}"
        yield f"val: images/{_FOLDERS[Split.VALID if Split.VALID in present else Split.TRAIN]}"
        if present & {Split.TEST, Split.PRODUCTION}:
            yield f"test: images/{_FOLDERS[Split.TEST]}"
        if self._settings.task is Task.KEYPOINTS:
            yield f"kpt_shape: [{self._pose.count}, {self._pose.numbers}]"
            yield f"flip_idx: [{', '.join(map(str, mirror_order(self._settings.keypoints)))}]"
            yield "kpt_names:"
            yield "  0:"
            yield from (f"    - {write_scalar(keypoint.name)}" for keypoint in self._settings.keypoints)
        for key, value in self._notes.get("rest", {}).items():
            yield f"{write_scalar(key)}: {write_scalar(value)}"
        yield "names:"
        numbered = sorted((number, name) for name, number in self._numbers.items())
        yield from (f"  {number}: {write_scalar(name)}" for number, name in numbered)

    def _regions(self, exported: ExportedItem, carried: Carried | None) -> Iterator[_Line]:
        now, mask = item_shapes(self._settings, exported), exported.label
        if now is None or not isinstance(mask, np.ndarray):
            return
        if self._ground != UNLABELLED and np.any(mask == UNLABELLED):
            self._losses.dropped("the unlabelled areas of pictures")
        height, width = mask.shape
        for index in painting_order(now.shapes):
            shape = now.shapes[index]
            kept = shape.rest.get(LINE) if carried and now.same[index] else None
            lines = list(self._drawn(shape, width, height))
            if carried is None and lines:
                self._count_losses(shape)
            if isinstance(kept, str) and lines and shape.label in self._numbers:
                kept = " ".join([str(self._numbers[shape.label]), *kept.split()[1:]])
                box, ring = lines[0]
                yield (kept, ring) if box else ("", kept)
                continue
            yield from lines

    def _drawn(self, shape: Shape, width: int, height: int) -> Iterator[_Line]:
        """A line for each part."""
        found = covered(shape, width, height) if shape.class_id is not None else None
        if found is None or not found[1].any():
            self._losses.dropped(
                "lines and points without a width" if shape.kind in STROKES else "shapes without pixels"
            )
            return
        number = self._numbers[shape.label]
        box = ""
        parts: Sequence[Part] = shape.parts
        if shape.kind is ShapeKind.RECTANGLE:
            parts = ((rectangle_ring(shape),),)
            if not shape.rotation:
                box = label_line(number, box_numbers(*bounds(shape.points), width, height))
        elif shape.kind is not ShapeKind.POLYGON:
            rect, region = found
            parts = tuple(_pieces(region, rect.x, rect.y))
        self._losses.dropped("the joins of parts of one object", len(parts) - 1)
        for part in parts:
            yield box, label_line(number, ring_numbers(joined(part), width, height))

    def _count_losses(self, shape: Shape) -> None:
        self._losses.dropped("flags", len(shape.flags))
        self._losses.dropped("attributes", len(shape.attributes))
        self._losses.dropped("group ids", int(shape.group is not None))
        self._losses.dropped("descriptions", int(bool(shape.description)))
        self._losses.dropped("marks of crowds", int(shape.crowd))
        if shape.kind not in (ShapeKind.POLYGON, ShapeKind.RECTANGLE):
            self._losses.turned(f"{shape.kind}s", "polygons")

    def _poses(self, points: Points, carried: Carried | None, width: int, height: int) -> Iterator[_Line]:
        before = {shape.instance: shape for shape in carried.shapes} if carried else {}
        for instance in points.instances:
            placed = list(points.of(instance).values())
            if self._pose.numbers == 2 and any(p.visibility is Visibility.HIDDEN for p in placed):
                self._losses.dropped("that points are hidden, with two numbers a point,")
            line = self._pose_line(placed, before.get(instance), width, height)
            yield line, line

    def _pose_line(self, placed: list[Keypoint], shape: Shape | None, width: int, height: int) -> str:
        """The source's line as long as nobody moved a point; its box stays, a new one is drawn around the points."""
        kept = str(shape.rest.get(LINE, "")).split() if shape else []
        numbers = [float(word) for word in kept[1:]]
        label = shape.label if shape else next(iter(self._numbers))
        number = self._numbers.get(label, 0)
        try:
            if numbers and pose_points(numbers, self._pose, (width, height), instance=placed[0].instance) == placed:
                return " ".join([str(number), *kept[1:]])
        except ValueError:
            pass  # the project had other keypoints then; they are written anew
        box = numbers[:4] or box_numbers(*_box_around(placed), width, height)
        return label_line(number, [*box, *pose_numbers(placed, self._pose, width, height)])


def _box_around(placed: Iterable[Keypoint]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom around the points that are there, each side at least a pixel long, for a box without a
    width is none."""
    seen = [(p.x, p.y) for p in placed if p.visibility is not Visibility.ABSENT]
    left, top, right, bottom = bounds(seen) if seen else (0.0, 0.0, 1.0, 1.0)
    wider, higher = max(0.0, 1 - (right - left)) / 2, max(0.0, 1 - (bottom - top)) / 2
    return left - wider, top - higher, right + wider, bottom + higher


def joined(part: Part) -> Ring:
    """An outline and its holes as one line: from the outline's last point to each hole, around it and back."""
    ring = list(part[0]) if len(part) == 1 else [*part[0], part[0][0]]
    for hole in part[1:]:
        ring += [*hole, hole[0], part[0][0]]
    return tuple(ring)


def _pieces(region: np.ndarray, x: int, y: int) -> Iterator[Part]:
    """An outline with its holes for each connected piece."""
    import cv2  # noqa: PLC0415 - takes 0.2 s, which only an export waits for

    number, labels = cv2.connectedComponents(region.astype(np.uint8), connectivity=8)
    for piece in range(1, number):
        yield outline(labels == piece, x=x, y=y)
