"""labelme: a JSON file for each picture, beside it or with the picture within it."""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.classes import distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput, BadTable, StudioError
from studio.core.items import NewItem
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.formats.complaints import Complaints
from studio.formats.json_values import damage, json_files
from studio.formats.labelme_file import LabelmeFile, is_labelme, look_at, picture_in
from studio.formats.labelme_labels import LabelmePoints, LabelmeShapes
from studio.formats.labelme_shapes import LABELME
from studio.formats.listing import sequence_of, stem
from studio.formats.pictures import Pictures, common_folder
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, PictureBytes, Question, Recognised, read_options
from studio.formats.shape_import import (
    STROKE_QUESTION,
    TASK_QUESTION,
    UNCOVERED_QUESTION,
    ShapeClasses,
    ShapesReader,
    check_task,
)
from studio.formats.splits import choose_split
from studio.formats.tables import read_lines

_LOOKED_AT: Final = 40
"""So many JSON files are looked at to recognise the layout and to know which questions there are."""

_STROKES: Final = frozenset({"line", "linestrip", "point", "points"})


@dataclasses.dataclass
class _Found:
    """What the files say. `files` are JSON files by the name of their picture below the folder; `within` says for those
    whose picture lies in the file how to read it and its (width, height)."""

    pictures: Pictures
    files: dict[str, Path] = dataclasses.field(default_factory=dict)
    within: dict[str, tuple[PictureBytes, tuple[int, int]]] = dataclasses.field(default_factory=dict)
    kinds: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    """The shape types of each label name, in the order of first mention."""
    spoilt: list[str] = dataclasses.field(default_factory=list)
    """Pictures whose own file cannot be read."""
    several: bool = False
    """Whether a file has several points of one name."""
    shapes: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)


class LabelmeImporter:
    name = LABELME
    title = "labelme JSON files"
    options = ("task", "uncovered", "stroke", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        paths = list(json_files(source))
        first = [path for path in paths[:_LOOKED_AT] if is_labelme(path)]
        if not first:
            return None
        kinds = set(itertools.chain.from_iterable(_kinds_in(path) for path in first))
        questions: list[Question] = []
        if "point" in kinds:
            default = Task.KEYPOINTS if kinds == {"point"} else Task.SEGMENTATION
            questions.append(dataclasses.replace(TASK_QUESTION, default=default.value))
        only_if = ("task", Task.SEGMENTATION.value) if questions else None
        questions.append(dataclasses.replace(UNCOVERED_QUESTION, only_if=only_if))
        if kinds & _STROKES:
            questions.append(dataclasses.replace(STROKE_QUESTION, only_if=only_if))
        questions.append(Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"))
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"labelme: {len(paths):,} JSON files.",
            confidence=91,
            questions=tuple(questions),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        found = _survey(source)
        if "task" not in answers and found.kinds and set().union(*found.kinds.values()) == {"point"}:
            options = dataclasses.replace(options, task=Task.KEYPOINTS)
        check_task(options.task, self.name)
        base = common_folder([*found.files, *found.spoilt])
        names = [name for name in found.pictures.names if name.startswith(base)] + sorted(found.within)
        short = [name.removeprefix(base) for name in names]
        groups = [sequence_of(name) for name in short]
        split = choose_split(short, groups, valid=options.valid, seed=options.seed)
        items = [
            NewItem(name=name.removeprefix(base), path=source / name, split=chosen, group=group)
            for name, chosen, group in zip(names, split.splits, groups, strict=True)
        ]
        settings = ProjectSettings(
            name=source.resolve().name,
            task=options.task,
            split_rule=split.rule,
            image_roots=(str((source / base).resolve()),),
        )
        make = _points if options.task is Task.KEYPOINTS else _masks
        settings, labels = make(settings, found, source, names, options)
        return ImportPlan(
            settings=settings,
            items=items,
            labels=labels,
            found=f"labelme: {counted(len(items), 'image')}, {counted(found.shapes, 'shape')} in "
            f"{len(found.files):,} of them.",
            pictures={i: found.within[name][0] for i, name in enumerate(names) if name in found.within},
            problems=[*found.problems, *split.problems],
            source=self.name,
        )


def _kinds_in(path: Path) -> set[str]:
    """The shape types of one file; none where it is damaged, of which planning tells."""
    try:
        return {shape.shape_type or "polygon" for shape, _ in LabelmeFile(path).shapes(Complaints(path))}
    except StudioError:
        return set()


def _survey(source: Path) -> _Found:
    """Raises BadInput where no file can be used."""
    found = _Found(Pictures(source))
    pictures = {stem(name) for name in found.pictures.names}
    for path in json_files(source):
        if is_labelme(path) or stem(path.relative_to(source).as_posix()) in pictures or damage(path):
            try:
                _look(source, path, found)
            except StudioError as error:
                found.problems.append(_with_picture(source, path, found, error))
    if not found.files:
        why = f" ({found.problems[0]})" if found.problems else ""
        raise BadInput(f"{source} has no labelme file whose picture is there{why}.")
    return found


def _with_picture(source: Path, path: Path, found: _Found, error: StudioError) -> str:
    """What is wrong with a file, and what becomes of the picture that is called like it."""
    beside = f"{stem(path.relative_to(source).as_posix())}."
    name = next((name for name in found.pictures.names if name.startswith(beside) and name not in found.files), None)
    if name is None or not isinstance(error, BadTable):
        return error.sentence
    found.spoilt.append(name)
    return f"{error.sentence.removesuffix('.')}; until then {name} comes in unlabelled."


def _look(source: Path, path: Path, found: _Found) -> None:
    """Raises BadInput, BadTable where the file cannot be used."""
    file = LabelmeFile(path)
    relative = path.relative_to(source).as_posix()
    name = _picture_of(relative, file, found.pictures)
    within: tuple[PictureBytes, tuple[int, int]] | None = None
    if name is None and file.has_picture:
        suffix, size = look_at(path, picture_in(path))
        name, within = f"{stem(relative)}{suffix}", (lambda: picture_in(path), size)
    if name is None:
        raise BadInput(f"{path}: its picture {file.image_path or '(unnamed)'} is not below the folder; left out.")
    if name in found.files:
        raise BadInput(f"{path}: {found.files[name].name} is for the picture {name} as well; this one was left out.")
    found.files[name] = path
    if within:
        found.within[name] = within
    points: set[str] = set()
    for shape, _ in file.shapes(Complaints(path)):
        if shape.shape_type == "point":
            found.several |= shape.label in points
            points.add(shape.label)
        found.kinds.setdefault(shape.label, set()).add(shape.shape_type or "polygon")
        found.shapes += 1


def _picture_of(relative: str, file: LabelmeFile, pictures: Pictures) -> str | None:
    """The picture that a file means: what it names, seen from its own folder, else the one that is called like it."""
    folder = posixpath.dirname(relative)
    named = pictures.find(posixpath.normpath(posixpath.join(folder, file.image_path))) if file.image_path else None
    beside = f"{stem(relative)}."
    return named or next((name for name in pictures.names if name.startswith(beside)), None)


def _label_order(source: Path, found: _Found) -> list[str]:
    """The labels of the shapes; in the order of the list of labels (`labels.txt`) that labelme was started with, where
    one lies in the folder."""
    listed: list[str] = []
    for path in sorted(source.glob("*labels*.txt")):
        listed += [line for line in read_lines(path) if line]
    return list(dict.fromkeys([*(name for name in listed if name in found.kinds), *found.kinds]))


def _masks(
    settings: ProjectSettings, found: _Found, source: Path, names: Sequence[str], options: ImportOptions
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    strokes = sum(1 for kinds in found.kinds.values() if kinds & _STROKES)
    if strokes and not options.stroke:
        found.problems.append(
            f"{counted(strokes, 'label has', 'labels have')} lines or points, which are kept and not painted; a "
            "width paints them."
        )
    classes = ShapeClasses.of(_label_order(source, found), uncovered=options.uncovered)
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        if name in found.files:
            size = found.within[name][1] if name in found.within else None
            shapes = LabelmeShapes(found.files[name], classes.ids, classes.fill, options.stroke)
            readers[index] = ShapesReader(source / name, shapes, size)
    return msgspec.structs.replace(settings, classes=classes.classes), readers


def _points(
    settings: ProjectSettings, found: _Found, source: Path, names: Sequence[str], options: ImportOptions
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    labels = [label for label in _label_order(source, found) if "point" in found.kinds[label]]
    if not labels:
        raise BadInput(f"{source} has no labelme file with points; import it as segmentation.")
    keypoints = tuple(KeypointName(name=label, color=distinct_color(i)) for i, label in enumerate(labels))
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        if name in found.files:
            size = found.within[name][1] if name in found.within else None
            readers[index] = LabelmePoints(found.files[name], source / name, tuple(labels), size)
    return msgspec.structs.replace(settings, keypoints=keypoints, several_instances=found.several), readers
