"""CVAT for images 1.1: `annotations.xml` and the pictures that it names, usually in `images/`."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.classes import distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput, StudioError
from studio.core.items import Split
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.formats.cvat_file import CvatFile, find_files
from studio.formats.cvat_labels import SKELETON, CvatPoints, CvatShapes, Source
from studio.formats.cvat_shapes import CVAT
from studio.formats.listing import name_some
from studio.formats.picture_items import picture_items
from studio.formats.pictures import Pictures
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.shape_import import (
    STROKE_QUESTION,
    TASK_QUESTION,
    UNCOVERED_QUESTION,
    ShapeClasses,
    ShapesReader,
    check_task,
)
from studio.formats.splits import FOLDER_SPLITS

_STROKES: Final = frozenset({"polyline", "points"})
_UNPAINTED: Final = frozenset({"tag", "cuboid", SKELETON})


@dataclasses.dataclass
class _Found:
    """What the files say; `sources` by the name of the picture below the folder."""

    pictures: Pictures
    files: list[CvatFile]
    sources: dict[str, Source]
    problems: list[str]

    @property
    def tags(self) -> set[str]:
        return _tags(self.files)

    @property
    def skeletons(self) -> dict[str, list[str]]:
        return {name: points for file in reversed(self.files) for name, points in file.skeletons.items()}


class CvatImporter:
    name = CVAT
    title = "CVAT for images (XML)"
    options = ("task", "uncovered", "stroke", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        paths = find_files(source)
        pictures = Pictures(source).names if paths else []
        if not pictures:
            return None
        files = _read_files(paths, [])
        tags = _tags(files)
        questions: list[Question] = []
        if SKELETON in tags:
            default = Task.KEYPOINTS if tags <= {SKELETON, "tag"} else Task.SEGMENTATION
            questions.append(dataclasses.replace(TASK_QUESTION, default=default.value))
        only_if = ("task", Task.SEGMENTATION.value) if questions else None
        questions.append(dataclasses.replace(UNCOVERED_QUESTION, only_if=only_if))
        if tags & _STROKES:
            questions.append(dataclasses.replace(STROKE_QUESTION, only_if=only_if))
        if len(set(_subsets(files).values())) < 2:
            questions.append(Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"))
        named = name_some([path.name for path in paths])
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"CVAT annotations: {named}, with {counted(len(pictures), 'picture')}.",
            confidence=93,
            questions=tuple(questions),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        found = _survey(source)
        if "task" not in answers and SKELETON in found.tags and found.tags <= {SKELETON, "tag"}:
            options = dataclasses.replace(options, task=Task.KEYPOINTS)
        check_task(options.task, self.name)
        subsets = _subsets(found.files)
        said = {name: split for name, each in found.sources.items() if (split := subsets.get(each.image.name))}
        listed = picture_items(found.pictures, found.sources, options, said=said, said_by="subsets")
        settings = ProjectSettings(
            name=source.resolve().name,
            task=options.task,
            split_rule=listed.rule,
            image_roots=(str(listed.root.resolve()),),
        )
        problems = [*found.problems, *listed.problems]
        make = _keypoints if options.task is Task.KEYPOINTS else _masks
        settings, labels = make(settings, found, listed.names, options, problems)
        total = sum(len(each.image.elements) for each in found.sources.values())
        return ImportPlan(
            settings=settings,
            items=listed.items,
            labels=labels,
            found=f"CVAT annotations: {counted(len(listed.items), 'image')}, {counted(total, 'annotation')} in "
            f"{len(found.sources):,} of them.",
            problems=problems,
            source=self.name,
            notes=_notes(found.files),
        )


def _tags(files: Sequence[CvatFile]) -> set[str]:
    return {element.tag for file in files for image in file.images for element in image.elements}


def _subsets(files: Sequence[CvatFile]) -> dict[str, Split]:
    """The split by picture name, where an image belongs to a subset that is called like one."""
    images = itertools.chain.from_iterable(file.images for file in files)
    named = ((image.name, FOLDER_SPLITS.get(image.rest.get("subset", "").lower())) for image in images)
    return {name: split for name, split in named if split}


def _read_files(paths: Sequence[Path], problems: list[str]) -> list[CvatFile]:
    """Raises BadTable, BadInput where none of them can be used."""
    files: list[CvatFile] = []
    failures: list[StudioError] = []
    for path in paths:
        try:
            files.append(CvatFile(path))
        except StudioError as error:
            failures.append(error)
    if failures and not files:
        raise failures[0]
    problems += [error.sentence for error in failures]
    return files


def _survey(source: Path) -> _Found:
    """Raises BadInput where no file can be used or no picture is there."""
    problems: list[str] = []
    paths = find_files(source)
    if not paths:
        raise BadInput(f"{source} has no XML file of CVAT for images; check the path.")
    files = _read_files(paths, problems)
    pictures = Pictures(source)
    sources: dict[str, Source] = {}
    for file in files:
        problems += file.sentences
        lost: list[str] = []
        for image in file.images:
            subset = image.rest.get("subset", "")
            name = pictures.find(f"{subset}/{image.name}" if subset else image.name)
            if name is None:
                lost.append(image.name)
            elif name in sources:
                problems.append(f"{file.path}: {image.name} is annotated twice; the first annotations count.")
            else:
                sources[name] = Source(file.path, image)
        if lost:
            problems.append(
                f"{file.path}: {len(lost):,} of its pictures are not below the folder ({name_some(lost)}); left out."
            )
    if not sources:
        named = name_some([file.path.name for file in files])
        raise BadInput(f"{source} has none of the pictures that {named} names; put them below this folder.")
    return _Found(pictures, files, sources, problems)


def _masks(
    settings: ProjectSettings, found: _Found, names: Sequence[str], options: ImportOptions, problems: list[str]
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    """The classes are the labels that the files define and those that an annotation uses beyond them."""
    colors: dict[str, str] = {}
    for label in (label for file in found.files for label in file.labels if not label.parent):
        if label.kind not in (SKELETON, "tag"):
            colors.setdefault(label.name, label.color)
    for source in found.sources.values():
        for element in source.image.elements:
            if element.tag not in _UNPAINTED:
                colors.setdefault(element.get("label", ""), "")
    classes = ShapeClasses.of(colors, colors=list(colors.values()), uncovered=options.uncovered)
    strokes = sum(e.tag in _STROKES for each in found.sources.values() for e in each.image.elements)
    if strokes and not options.stroke:
        problems.append(
            f"{counted(strokes, 'line or point is', 'lines and points are')} kept and not painted; a width paints them."
        )
    unpainted = found.tags & _UNPAINTED
    if unpainted:
        problems.append(f"CVAT's {' and '.join(sorted(f'{tag}s' for tag in unpainted))} are kept and not painted.")
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        source = found.sources.get(name)
        if source and (options.uncovered == "background" or source.image.elements):
            shapes = CvatShapes(source, classes.ids, classes.fill, options.stroke)
            readers[index] = ShapesReader(found.pictures.folder / name, shapes)
    return msgspec.structs.replace(settings, classes=classes.classes), readers


def _keypoints(
    settings: ProjectSettings, found: _Found, names: Sequence[str], options: ImportOptions, problems: list[str]
) -> tuple[ProjectSettings, dict[int, LabelReader]]:
    """The points of the first skeleton. Raises BadInput where there is none."""
    skeletons = found.skeletons
    if not skeletons:
        raise BadInput(f"{found.files[0].path} has no skeleton; import it as segmentation.")
    chosen, points = next(iter(skeletons.items()))
    if others := sorted(set(skeletons) - {chosen}):
        problems.append(f"A project has one skeleton; that of {chosen} was taken and {name_some(others)} left out.")
    colors, links = _definition(found.files, chosen)
    counts = [
        sum(e.tag == SKELETON and e.get("label") == chosen for e in each.image.elements)
        for each in found.sources.values()
    ]
    settings = msgspec.structs.replace(
        settings,
        keypoints=tuple(
            KeypointName(name=name, color=colors.get(name) or distinct_color(index))
            for index, name in enumerate(points)
        ),
        links=tuple((a - 1, b - 1) for a, b in links if 1 <= a <= len(points) and 1 <= b <= len(points)),
        several_instances=max(counts, default=0) > 1,
    )
    readers: dict[int, LabelReader] = {}
    for index, name in enumerate(names):
        source = found.sources.get(name)
        if source and source.image.elements:
            readers[index] = CvatPoints(found.pictures.folder / name, source, chosen, points)
    return settings, readers


def _definition(files: Sequence[CvatFile], skeleton: str) -> tuple[Mapping[str, str], tuple[tuple[int, int], ...]]:
    """The colours of a skeleton's points and the pairs that it joins."""
    labels = [label for file in files for label in file.labels]
    colors = {label.name: label.color for label in labels if label.parent == skeleton}
    links = next((label.links for label in labels if label.name == skeleton and label.links), ())
    return colors, links


def _notes(files: Sequence[CvatFile]) -> dict[str, Any]:
    """What a later export writes again: the <meta> of the first file that has one."""
    meta = next((file.meta for file in files if file.meta), "")
    return {"meta": meta} if meta else {}
