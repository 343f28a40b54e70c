"""The demo projects: pictures drawn, labels imported, a few of them missing and a few of them wrong."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import platformdirs

from studio.core.atomic import whole_folder
from studio.core.classes import LabelClass, make_classes
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.points import KeypointName, Points
from studio.core.settings import TAG_TASKS, ProjectSettings, SplitRule, Task
from studio.core.tags import Tags
from studio.demo import faces, street_picture
from studio.demo.spoiling import spoil_mask, spoil_points
from studio.demo.street_tags import plain_street, scene_tags, spoil_tags, tag_names
from studio.demo.street_world import WEATHERS, Street, make_street
from studio.formats import Annotation, ImportPlan
from studio.ingest import import_into

NOTES_FILE: Final = "demo-notes.json"
"""Which labels are missing and which are wrong, and how: for people and tests, read by no part of the program."""

STREETS: Final = 10
FRAMES: Final = 24
SITTERS: Final = 12
TAGGED_STREETS: Final = 15
TAGGED_FRAMES: Final = 12
_ONE_OF_EACH_WEATHER: Final = tuple(f"street-{number:02d}" for number in range(11, 16))
_VALID: Final = {
    Task.SEGMENTATION: ("street-04", "street-08"),
    Task.KEYPOINTS: ("person-04", "person-09"),
    Task.SINGLE_LABEL: _ONE_OF_EACH_WEATHER,
    Task.MULTI_LABEL: _ONE_OF_EACH_WEATHER,
}
_FOLDERS: Final = {
    Task.SEGMENTATION: "demo-streets",
    Task.KEYPOINTS: "demo-faces",
    Task.SINGLE_LABEL: "demo-weathers",
    Task.MULTI_LABEL: "demo-tags",
}
_NAMES: Final = {
    Task.SEGMENTATION: "Demo streets",
    Task.KEYPOINTS: "Demo faces",
    Task.SINGLE_LABEL: "Demo weathers",
    Task.MULTI_LABEL: "Demo tags",
}
_MISSING: Final = {Split.TRAIN: 28, Split.VALID: 2}
_WRONG: Final = {Split.TRAIN: 12, Split.VALID: 6}
_SEED: Final = 7
_JPEG_QUALITY: Final = 93


class WrongLabel(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    split: Split
    what: str


class DemoNotes(msgspec.Struct, frozen=True, kw_only=True):
    """`missing` are names of items without a label; `wrong` are those whose label is not what the picture shows."""

    missing: tuple[str, ...]
    wrong: tuple[WrongLabel, ...]


@dataclasses.dataclass(frozen=True)
class _Drawn:
    """One picture with its true label, on its way into the project."""

    name: str
    group: str
    picture: np.ndarray
    label: Annotation


def default_demo_folder(task: Task = Task.SEGMENTATION) -> Path:
    """Where the demo of a task lies when nobody says otherwise: in the person's data folder. Raises BadInput for a task
    that has none."""
    _require_demo(task)
    return platformdirs.user_data_path("relearn-studio", appauthor=False) / _FOLDERS[task]


def make_demo(
    folder: Path, task: Task = Task.SEGMENTATION, *, progress: Callable[[int, int], object] | None = None
) -> Path:
    """Draw the demo project of a task into `folder`; one that is there already stays as it is.

    Made beside the folder and moved there when it is whole, so that a crash leaves none half done. `progress` gets how
    many of how many items are done. Raises BadInput where something else lies there or the
    task has no demo, CannotWrite.
    """
    _require_demo(task)
    folder = folder.absolute()
    if (folder / NOTES_FILE).is_file():
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} holds something else than the demo project; choose a new folder.")
    with whole_folder(folder, durable=False) as workplace:
        _fill(workplace, task, progress or _nobody_watches)
    return folder


def _require_demo(task: Task) -> None:
    if task not in _FOLDERS:
        raise BadInput(f"There is no demo for {task}; there are some for {', '.join(_FOLDERS)}.")


def read_notes(project: Path) -> DemoNotes:
    """Raises BadInput where the folder is no demo project."""
    try:
        return msgspec.json.decode((project / NOTES_FILE).read_bytes(), type=DemoNotes)
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(
            f"{project} is no demo project: {NOTES_FILE} cannot be read; make one with `studio demo`."
        ) from error


def _nobody_watches(done: int, total: int) -> None:
    pass


def _fill(folder: Path, task: Task, progress: Callable[[int, int], object]) -> None:
    images = folder / "images"
    images.mkdir()
    jobs = _jobs(task)
    items: list[NewItem] = []
    labels: list[Annotation] = []
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for done, drawn in enumerate(pool.map(partial(_draw_and_write, images), jobs), start=1):
            split = Split.VALID if drawn.group in _VALID[task] else Split.TRAIN
            items.append(NewItem(name=drawn.name, path=images / drawn.name, split=split, group=drawn.group))
            labels.append(drawn.label)
            progress(done, 2 * len(jobs))
    notes = _spoil(task, items, labels)
    missing = set(notes.missing)
    readers = {i: partial(_known, labels[i]) for i, item in enumerate(items) if item.name not in missing}
    plan = ImportPlan(settings=_settings(task), items=items, labels=dict(readers), found="The demo project.")
    import_into(folder, plan, progress=lambda done, total: progress(len(jobs) + done, len(jobs) + total))
    (folder / NOTES_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(notes), indent=2) + b"\n")


def _known(label: Annotation, problems: list[str]) -> Annotation:
    return label


def _settings(task: Task) -> ProjectSettings:
    return ProjectSettings(
        name=_NAMES[task],
        task=task,
        classes=_classes(task),
        keypoints=tuple(KeypointName(name=name, color=color) for name, color in faces.KEYPOINTS)
        if task is Task.KEYPOINTS
        else (),
        split_rule=SplitRule(kind="group", detail=",".join(_VALID[task]), seed=_SEED),
        image_roots=("images",),
    )


def _classes(task: Task) -> tuple[LabelClass, ...]:
    if task in TAG_TASKS:
        return tuple(make_classes(tag_names(task)))
    names, colors = zip(*street_picture.CLASSES, strict=True)
    return tuple(make_classes(names, colors=colors)) if task is Task.SEGMENTATION else ()


def _jobs(task: Task) -> list[Callable[[], _Drawn]]:
    if task is Task.SEGMENTATION:
        return _street_jobs()
    return _face_jobs() if task is Task.KEYPOINTS else _tagged_jobs(task)


def _tagged_jobs(task: Task) -> list[Callable[[], _Drawn]]:
    """Every other frame of the streets, so that more of them are seen."""
    numbers = [(number, 2 * frame) for number in range(TAGGED_STREETS) for frame in range(TAGGED_FRAMES)]
    return [partial(_draw_tagged, task, number, frame) for number, frame in numbers]


def _draw_tagged(task: Task, number: int, frame: int) -> _Drawn:
    street, seed = _street(number), _grain_of(number, frame)
    scene = street_picture.draw_scene(street, frame, seed=seed)
    if task is Task.MULTI_LABEL:
        scene = street_picture.draw_scene(plain_street(street, scene.mask, random.Random(seed)), frame, seed=seed)
    tags = scene_tags(task, scene.mask, number % len(WEATHERS))
    return _drawn_street(number, frame, scene.picture, tags)


def _street_jobs() -> list[Callable[[], _Drawn]]:
    return [partial(_draw_street, number, frame) for number in range(STREETS) for frame in range(FRAMES)]


def _draw_street(number: int, frame: int) -> _Drawn:
    scene = street_picture.draw_scene(_street(number), frame, seed=_grain_of(number, frame))
    return _drawn_street(number, frame, scene.picture, scene.mask)


def _street(number: int) -> Street:
    return make_street(100 + number, WEATHERS[number % len(WEATHERS)])


def _grain_of(number: int, frame: int) -> int:
    return 1000 * number + frame


def _drawn_street(number: int, frame: int, picture: np.ndarray, label: Annotation) -> _Drawn:
    group = f"street-{number + 1:02d}"
    return _Drawn(f"{group}_{frame + 1:03d}.jpg", group, picture, label)


def _face_jobs() -> list[Callable[[], _Drawn]]:
    return [partial(_draw_face, number, frame) for number in range(SITTERS) for frame in range(faces.FRAMES)]


def _draw_face(number: int, frame: int) -> _Drawn:
    portrait = faces.draw_portrait(faces.make_sitter(number), frame)
    group = f"person-{number + 1:02d}"
    return _Drawn(f"{group}_{frame + 1:03d}.jpg", group, portrait.picture, portrait.points)


def _draw_and_write(folder: Path, job: Callable[[], _Drawn]) -> _Drawn:
    drawn = job()
    _, data = cv2.imencode(".jpg", drawn.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    (folder / drawn.name).write_bytes(data.tobytes())
    return drawn


def _spoil(task: Task, items: Sequence[NewItem], labels: list[Annotation]) -> DemoNotes:
    """Choose which labels are missing and spoil some of the others in place."""
    dice = random.Random(_SEED)
    missing: list[str] = []
    wrong: list[WrongLabel] = []
    for split in (Split.TRAIN, Split.VALID):
        indices = [i for i, item in enumerate(items) if item.split is split]
        chosen = dice.sample(indices, _MISSING[split] + _WRONG[split])
        missing += [items[i].name for i in chosen[: _MISSING[split]]]
        for i in chosen[_MISSING[split] :]:
            labels[i], what = _spoilt(task, labels[i], dice)
            wrong.append(WrongLabel(name=items[i].name, split=split, what=what))
    return DemoNotes(missing=tuple(sorted(missing)), wrong=tuple(sorted(wrong, key=lambda label: label.name)))


def _spoilt(task: Task, label: Annotation, dice: random.Random) -> tuple[Annotation, str]:
    if isinstance(label, np.ndarray):
        mask = spoil_mask(label, dice)
        return mask.mask, mask.what
    if isinstance(label, Tags):
        return spoil_tags(task, label, dice)
    assert isinstance(label, Points)
    points = spoil_points(label, [name for name, _ in faces.KEYPOINTS], (faces.WIDTH, faces.HEIGHT), dice)
    return points.points, points.what
