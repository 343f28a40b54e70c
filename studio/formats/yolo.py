"""YOLO: a text file of boxes, polygons or keypoints for each picture, in `labels` where the picture is in `images`.

Ultralytics' sets have a YAML file, Darknet's `obj.data` and `obj.names`, others `classes.txt`, and some nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.classes import distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput, StudioError
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.formats.picture_items import picture_items
from studio.formats.pictures import Pictures
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.shape_import import TASK_QUESTION, UNCOVERED_QUESTION, ShapeClasses, ShapesReader, check_task
from studio.formats.tables import read_lines
from studio.formats.yolo_files import LabelFiles, PoseShape, YoloSet, looks_like_labels, read_set, splits_of
from studio.formats.yolo_labels import YOLO, YoloPoses, YoloShapes

_LOOKED_AT: Final = 40


@dataclasses.dataclass(frozen=True)
class _Found:
    """Label files by the name of their picture."""

    pictures: Pictures
    files: dict[str, Path]
    about: YoloSet


class YoloImporter:
    name = YOLO
    title = "YOLO (boxes, polygons, poses)"
    options = ("task", "classes", "uncovered", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        pictures, labels = Pictures(source), LabelFiles(source)
        if not pictures.names or not labels.names:
            return None
        near = [path for name in pictures.names[:_LOOKED_AT] if (path := labels.of(name))]
        looks = [looks_like_labels(path) for path in near]
        if False in looks or True not in looks:
            return None
        try:
            about = read_set(source, [])
        except StudioError:
            about = YoloSet()  # planning says what is wrong with the file
        questions: list[Question] = []
        if about.pose:
            questions.append(dataclasses.replace(TASK_QUESTION, default=Task.KEYPOINTS.value))
        if not about.names:
            text = "Names of the classes in the order of their numbers, separated by commas"
            questions.append(Question(id="classes", text=text, default=""))
        only_if = ("task", Task.SEGMENTATION.value) if about.pose else None
        questions.append(dataclasses.replace(UNCOVERED_QUESTION, only_if=only_if))
        if len(set(splits_of(about, pictures, []).values())) < 2:
            questions.append(Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"))
        kind = "poses" if about.pose else "boxes or polygons"
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"YOLO: {counted(len(pictures.names), 'image')} and label files with {kind}"
            + (f", {counted(len(about.names), 'class')}." if about.names else "."),
            confidence=90 if about.names else 82,
            questions=tuple(questions),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        problems: list[str] = []
        found = _survey(source, options, problems)
        if "task" not in answers and found.about.pose:
            options = dataclasses.replace(options, task=Task.KEYPOINTS)
        check_task(options.task, self.name)
        said = splits_of(found.about, found.pictures, problems)
        listed = picture_items(found.pictures, [*found.files, *said], options, said=said, said_by="the data set")
        settings = ProjectSettings(
            name=source.resolve().name,
            task=options.task,
            split_rule=listed.rule,
            image_roots=(str(listed.root.resolve()),),
        )
        make = _keypoints if options.task is Task.KEYPOINTS else _masks
        settings, labels = make(settings, found, listed.names, options)
        return ImportPlan(
            settings=settings,
            items=listed.items,
            labels=labels,
            found=f"YOLO: {counted(len(listed.items), 'image')}, {len(found.files):,} of them with a label file.",
            problems=[*problems, *listed.problems],
            source=self.name,
            notes=_notes(found.about),
        )


def _survey(source: Path, options: ImportOptions, problems: list[str]) -> _Found:
    """Raises BadInput, BadTable where nothing can be used."""
    about = read_set(source, problems)
    pictures, labels = Pictures(source), LabelFiles(source)
    files = {name: path for name in pictures.names if (path := labels.of(name))}
    files = {name: path for name, path in files.items() if looks_like_labels(path) is not False}
    if not files:
        raise BadInput(f"{source} has no picture with a YOLO label file of the same name.")
    if options.classes:
        about = dataclasses.replace(about, names=dict(enumerate(options.classes)))
    if not about.names:
        highest = max((_highest_class(path) for path in files.values()), default=-1)
        about = dataclasses.replace(about, names={number: f"class {number}" for number in range(highest + 1)})
        problems.append(f"{source}: nothing names the classes; they are called class 0 to class {highest}.")
    return _Found(pictures, files, about)


def _highest_class(path: Path) -> int:
    """The highest class number of a file; -1 where it has none that can be used."""
    try:
        firsts = [line.split()[0] for line in read_lines(path) if line]
    except StudioError:
        return -1  # it gets its sentence when its label is read
    return max((int(first) for first in firsts if first.isascii() and first.isdecimal() and len(first) < 4), default=-1)


def _masks(
    settings: ProjectSettings, found: _Found, names: Sequence[str], options: ImportOptions
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    ordered = [found.about.names[number] for number in sorted(found.about.names)]
    classes = ShapeClasses.of(ordered, uncovered=options.uncovered)
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        path = found.files.get(name)
        if path and (options.uncovered == "background" or looks_like_labels(path)):
            shapes = YoloShapes(path, found.about.names, classes.ids, classes.fill)
            readers[index] = ShapesReader(found.pictures.folder / name, shapes)
    return msgspec.structs.replace(settings, classes=classes.classes), readers


def _keypoints(
    settings: ProjectSettings, found: _Found, names: Sequence[str], options: ImportOptions
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    """Raises BadInput where nothing says how many keypoints there are."""
    pose = found.about.pose
    if pose is None:
        raise BadInput(f"{found.pictures.folder} has no YAML file with kpt_shape; import it as segmentation.")
    readers: dict[int, LabelReader] = {}
    most = 0
    for index, name in enumerate(names):
        path = found.files.get(name)
        if path and looks_like_labels(path):
            readers[index] = YoloPoses(path, found.pictures.folder / name, found.about.names, pose)
            most = max(most, _line_count(path))
    return msgspec.structs.replace(settings, keypoints=_names(pose), several_instances=most > 1), readers


def _line_count(path: Path) -> int:
    try:
        return sum(bool(line) for line in read_lines(path))
    except StudioError:
        return 0  # it gets its sentence when its label is read


def _names(pose: PoseShape) -> tuple[KeypointName, ...]:
    called = list(pose.names) if len(set(pose.names)) == pose.count else [f"point {i + 1}" for i in range(pose.count)]
    mirror = pose.flip or tuple(range(pose.count))
    return tuple(
        KeypointName(
            name=name,
            color=distinct_color(index),
            mirror=called[mirror[index]] if mirror[index] != index and mirror[mirror[index]] == index else "",
        )
        for index, name in enumerate(called)
    )


def _notes(about: YoloSet) -> Mapping[str, Any]:
    """What a later export writes again."""
    notes: dict[str, Any] = {"names": [[number, name] for number, name in about.names.items()]}
    if about.pose:
        notes["pose_numbers"] = about.pose.numbers
    if about.rest:
        notes["rest"] = {key: value for key, value in about.rest.items() if isinstance(value, str | int | float)}
    return notes
