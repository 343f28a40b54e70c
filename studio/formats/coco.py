"""COCO: annotation files of instances or person keypoints, and the pictures that they name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from studio.core.classes import MAX_CLASSES, distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput, StudioError
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.formats.coco_file import CocoFile, Id, find_files, split_of
from studio.formats.coco_labels import COCO, InstancesReader, KeypointsReader, Source
from studio.formats.damage import damage, first_damage
from studio.formats.json_values import ends_of
from studio.formats.listing import name_some
from studio.formats.picture_items import picture_items
from studio.formats.pictures import Pictures
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.shape_import import TASK_QUESTION, UNCOVERED_QUESTION, ShapeClasses, ShapesReader, check_task
from studio.formats.sources import folder_of
from studio.formats.tables import unique_names


@dataclasses.dataclass(frozen=True)
class _Found:
    """Which annotations belong to which picture, by its name below the folder."""

    files: list[CocoFile]
    pictures: Pictures
    sources: dict[str, list[Source]]
    problems: list[str]


class CocoImporter:
    name = COCO
    title = "COCO annotations"
    options = ("task", "uncovered", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        paths = [path for path in find_files(source) if damage(path) is None]
        pictures = Pictures(folder_of(source)).names if paths else []
        if not paths or not (pictures or source.is_file()):
            return None
        questions: list[Question] = []
        keypoints = [path for path in paths if _has_keypoints(path)]
        if keypoints:
            task = Task.KEYPOINTS if len(keypoints) == len(paths) else Task.SEGMENTATION
            questions.append(dataclasses.replace(TASK_QUESTION, default=task.value))
        only_if = ("task", Task.SEGMENTATION.value) if keypoints else None
        questions.append(dataclasses.replace(UNCOVERED_QUESTION, only_if=only_if))
        if len({split_of(path) for path in paths}) < 2:
            questions.append(Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"))
        names = name_some([path.name for path in paths])
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"COCO annotations: {names}, with {counted(len(pictures), 'picture')}.",
            confidence=92,
            questions=tuple(questions),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        if "task" not in answers:
            options = dataclasses.replace(options, task=_default_task(source))
        check_task(options.task, self.name)
        found = _survey(source, options.task)
        files = {name: split_of(sources[0].file.path) for name, sources in found.sources.items()}
        said = {name: split for name, split in files.items() if split}
        only = found.sources if source.is_file() else None
        listed = picture_items(found.pictures, found.sources, options, said=said, said_by="annotation files", only=only)
        settings = ProjectSettings(
            name=folder_of(source).resolve().name,
            task=options.task,
            split_rule=listed.rule,
            image_roots=(str(listed.root.resolve()),),
        )
        problems = [*found.problems, *listed.problems]
        make = _keypoints if options.task is Task.KEYPOINTS else _instances
        settings, labels = make(settings, found, listed.names, options, problems)
        total = sum(s.file.count_of(s.image) for sources in found.sources.values() for s in sources)
        return ImportPlan(
            settings=settings,
            items=listed.items,
            labels=labels,
            found=f"COCO annotations: {counted(len(listed.items), 'image')}, {counted(total, 'annotation')} in "
            f"{len(found.sources):,} of them.",
            problems=problems,
            source=self.name,
            notes=_notes(found.files),
        )


def _has_keypoints(path: Path) -> bool:
    return "keypoint" in path.stem.lower() or b'"keypoints"' in ends_of(path)


def _default_task(source: Path) -> Task:
    paths = find_files(source)
    return Task.KEYPOINTS if paths and all(map(_has_keypoints, paths)) else Task.SEGMENTATION


def _survey(source: Path, task: Task) -> _Found:
    """Raises BadInput where no file can be used or no picture is there."""
    problems: list[str] = []
    files = _read_files(source, task, problems)
    pictures = Pictures(folder_of(source))
    sources: dict[str, list[Source]] = {}
    for file in files:
        split = split_of(file.path)
        near = (split.value[:3],) if split else ()
        lost: list[Id] = []
        for image, (entry, values) in file.images.items():
            name = pictures.find(entry.file_name, near=near)
            if name is None:
                lost.append(image)
            else:
                sources.setdefault(name, []).append(Source(file, image, entry, values))
        problems += _missing(file, lost)
    if not sources:
        named = name_some([file.path.name for file in files])
        raise BadInput(f"{pictures.folder} has none of the pictures that {named} names; put them below this folder.")
    return _Found(files, pictures, sources, problems)


def _read_files(source: Path, task: Task, problems: list[str]) -> list[CocoFile]:
    paths = find_files(source)
    if not paths:
        raise first_damage(source) or BadInput(
            f"{source} has no JSON file with COCO's images and annotations; check the path."
        )
    if task is Task.KEYPOINTS:
        paths = [path for path in paths if _has_keypoints(path)]
        if not paths:
            raise BadInput(f"{source} has no COCO file with keypoints; import it as segmentation.")
    elif any("instances" in path.stem.lower() for path in paths):
        paths = [path for path in paths if "instances" in path.stem.lower()]
    files: list[CocoFile] = []
    failures: list[StudioError] = []
    for path in paths:
        try:
            file = CocoFile(path)
        except StudioError as error:
            failures.append(error)
            continue
        files.append(file)
        problems += file.sentences
    if not files:
        raise failures[0]
    problems += [error.sentence for error in failures]
    return files


def _missing(file: CocoFile, lost: Sequence[Id]) -> list[str]:
    sentences: list[str] = []
    if lost:
        names = name_some([file.images[image][0].file_name for image in lost])
        count = sum(file.count_of(image) for image in lost)
        sentences.append(
            f"{file.path}: {len(lost):,} of its pictures are not below the folder ({names}); "
            f"their {counted(count, 'annotation was', 'annotations were')} left out."
        )
    if orphans := file.orphans():
        sentences.append(
            f"{file.path}: {counted(orphans, 'annotation is', 'annotations are')} of images that it does not "
            "list; left out."
        )
    return sentences


def _instances(
    settings: ProjectSettings, found: _Found, names: Sequence[str], options: ImportOptions, problems: list[str]
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    labels_by_file = {file.path: _label_names(file, problems) for file in found.files}
    if boxes := sum(file.boxes for file in found.files):
        problems.append(
            f"{counted(boxes, 'annotation has', 'annotations have')} a box and no outline; the whole box is painted."
        )
    order = dict.fromkeys(label for labels in labels_by_file.values() for label in labels.values())
    classes = ShapeClasses.of(_at_most(list(order), labels_by_file, found, problems), uncovered=options.uncovered)
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        sources = found.sources.get(name, [])
        if sources and (options.uncovered == "background" or any(s.file.count_of(s.image) for s in sources)):
            image = found.pictures.folder / name
            shapes = InstancesReader(tuple(sources), labels_by_file, classes.ids, classes.fill)
            readers[index] = ShapesReader(image, shapes)
    return msgspec.structs.replace(settings, classes=classes.classes), readers


def _label_names(file: CocoFile, problems: list[str]) -> dict[Id, str]:
    """Class name by category id, in the order of the ids; repeats are numbered."""
    ids = sorted(file.categories, key=lambda each: (isinstance(each, str), each))
    names = unique_names([file.categories[each][0].name for each in ids], file.path, problems)
    return dict(zip(ids, names, strict=True))


def _at_most(
    names: list[str], labels: Mapping[Path, Mapping[Id, str]], found: _Found, problems: list[str]
) -> list[str]:
    """The names that an annotation uses, where all of them are more than a mask can hold."""
    if len(names) < MAX_CLASSES:
        return names
    used: set[str] = set()
    for file in found.files:
        used.update(labels[file.path][each] for each in file.used_categories() if each in labels[file.path])
    kept = [name for name in names if name in used]
    problems.append(
        f"{len(names):,} categories are more than a mask can hold; the {len(kept):,} used ones became classes."
    )
    return kept


def _keypoints(
    settings: ProjectSettings, found: _Found, names: Sequence[str], options: ImportOptions, problems: list[str]
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    """The keypoints of the first category that has some. Raises BadInput where none has."""
    categories = [entry for file in found.files for entry, _ in file.categories.values() if entry.keypoints]
    if not categories:
        raise BadInput(f"{found.files[0].path}: none of its categories names keypoints; import it as segmentation.")
    chosen = categories[0]
    others = sorted({each.name for each in categories} - {chosen.name})
    if others:
        problems.append(
            f"A project has one set of keypoints; those of {chosen.name} were taken and {name_some(others)} left out."
        )
    count = len(chosen.keypoints)
    settings = msgspec.structs.replace(
        settings,
        keypoints=tuple(KeypointName(name=n, color=distinct_color(i)) for i, n in enumerate(chosen.keypoints)),
        links=tuple((a - 1, b - 1) for a, b in chosen.skeleton if 1 <= a <= count and 1 <= b <= count),
        several_instances=any(sum(s.file.count_of(s.image) for s in each) > 1 for each in found.sources.values()),
    )
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        sources = [source for source in found.sources.get(name, ()) if source.file.count_of(source.image)]
        if sources:
            readers[index] = KeypointsReader(found.pictures.folder / name, tuple(sources), chosen)
    return settings, readers


def _notes(files: Sequence[CocoFile]) -> dict[str, Any]:
    """What a later export in the same format writes again; of several files what the first one says."""
    notes: dict[str, Any] = {}
    categories: dict[str, dict[str, Any]] = {}
    for file in files:
        notes = {**file.rest, **notes}
        for entry, values in file.categories.values():
            categories.setdefault(entry.name, values)
    return {**notes, "categories": list(categories.values())}
