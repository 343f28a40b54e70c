"""Biwi Kinect head pose: `NN/frame_FFFFF_rgb.jpg`, `NN/frame_FFFFF_pose.txt`, `NN/rgb.cal`, a folder for each subject.

A pose file ends with the head's centre in millimetres in the camera's frame; the camera's intrinsics in `rgb.cal`
project it into the picture, as fast.ai's lesson 3 does. Also read: a `centers.csv` with centres already projected.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from studio.core.classes import distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput, BadTable
from studio.core.images import image_size
from studio.core.items import NewItem, Split
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.settings import ProjectSettings, Task
from studio.formats import biwi_centers
from studio.formats.listing import image_names, is_image_name, name_some, subfolders
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.splits import DEFAULT_SHARE, ChosenSplit, choose_split, split_at_random, split_by_groups
from studio.formats.tables import read_lines, read_text

FACE_CENTRE: Final = "face centre"
FASTAI_SUBJECT: Final = "13"
"""The subject that fast.ai's lesson 3 holds out."""

_FRAME = re.compile(r"^(.*)_rgb\.[^.]+$")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Camera:
    """Pinhole intrinsics in pixels; `size` is the width and height they were measured at, None if the file has none."""

    fx: float
    fy: float
    cx: float
    cy: float
    size: tuple[int, int] | None = None

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """A point in millimetres to pixels: (fx·X/Z + cx, fy·Y/Z + cy)."""
        return self.fx * x / z + self.cx, self.fy * y / z + self.cy


def read_camera(path: Path) -> Camera:
    """The 3×3 matrix at the head of an `rgb.cal` and the size at its end. Raises BadTable."""
    lines = [line for line in read_lines(path) if line]
    remedy = "it starts with the camera's 3×3 matrix; copy it from the data set again"
    try:
        rows = [[float(number) for number in line.split()] for line in lines]
    except ValueError as error:
        raise BadTable(path, f"it holds something that is no number ({error})", remedy) from error
    if len(rows) < 3 or any(len(row) != 3 for row in rows[:3]) or not (rows[0][0] > 0 and rows[1][1] > 0):
        raise BadTable(path, "it has no 3×3 camera matrix", remedy)
    size = (int(rows[-1][0]), int(rows[-1][1])) if len(rows[-1]) == 2 and min(rows[-1]) >= 1 else None
    return Camera(fx=rows[0][0], fy=rows[1][1], cx=rows[0][2], cy=rows[1][2], size=size)


def read_centre(path: Path) -> tuple[float, float, float]:
    """The head's centre in millimetres, the last line of a pose file. Raises BadTable."""
    remedy = "its last line has to be the centre in millimetres; copy it from the data set again"
    numbers = read_text(path).split()
    try:
        values = [float(number) for number in numbers]
    except ValueError as error:
        raise BadTable(path, f"it holds something that is no number ({error})", remedy) from error
    if len(values) != 12:
        raise BadTable(path, f"it has {len(values)} numbers and not a rotation of 9 and a centre of 3", remedy)
    x, y, z = values[-3:]
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z) and z > 0):
        raise BadTable(path, f"the centre ({x}, {y}, {z}) does not lie before the camera", remedy)
    return x, y, z


@dataclasses.dataclass(frozen=True)
class PoseReader:
    """Reads the face's centre of one frame from its pose file."""

    image: Path
    pose: Path
    camera: Camera

    def __call__(self, problems: list[str]) -> Points:
        """One point. Raises BadTable or UnreadableImage, also where the centre falls outside of the picture."""
        u, v = self.camera.project(*read_centre(self.pose))
        width, height = image_size(self.image)
        if self.camera.size:
            u, v = u * width / self.camera.size[0], v * height / self.camera.size[1]
        if not (0 <= u < width and 0 <= v < height):
            raise BadTable(
                self.pose,
                f"the centre falls at ({u:.0f}, {v:.0f}), outside of the picture of {width}×{height}",
                "check it and rgb.cal, the frame stays unlabelled",
            )
        return Points((Keypoint(index=0, x=u, y=v),))


class BiwiImporter:
    name = "biwi"
    title = "Biwi head pose"
    options = ("valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        if biwi_centers.is_there(source):
            return biwi_centers.recognise(source)
        subjects = _subjects(source)
        if not subjects:
            return None
        names = [folder.name for folder in subjects]
        frames = sum(len(_frames(folder)) for folder in subjects)
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Biwi head pose: {counted(frames, 'frame')} of {counted(len(subjects), 'subject')}.",
            confidence=95,
            questions=(_question(names),) if len(names) > 1 else (),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        if biwi_centers.is_there(source):
            return biwi_centers.plan(source, options)
        items, labels, problems = _frames_of(source)
        if not items:
            raise BadInput(f"{source} has no frames like 01/frame_00003_rgb.jpg; choose the folder of the subjects.")
        split = _split(items, options)
        items = [
            NewItem(name=item.name, path=item.path, split=chosen, group=item.group)
            for item, chosen in zip(items, split.splits, strict=True)
        ]
        settings = ProjectSettings(
            name=source.resolve().name,
            task=Task.KEYPOINTS,
            keypoints=(KeypointName(name=FACE_CENTRE, color=distinct_color(0)),),
            split_rule=split.rule,
            image_roots=(str(source.resolve()),),
        )
        held_out = sorted({item.group for item in items if item.split is Split.VALID})
        found = (
            f"Biwi head pose: {counted(len(items), 'frame')} of "
            f"{counted(len({item.group for item in items}), 'subject')}, "
            f"{len(labels):,} with a pose; held out: {name_some(held_out, at_most=8)}."
        )
        return ImportPlan(
            settings=settings, items=items, labels=labels, found=found, problems=[*problems, *split.problems]
        )


def default_held_out(subjects: Sequence[str]) -> str:
    """fast.ai's subject 13 where it is there, else the last seventh of the subjects."""
    thirteen = [name for name in subjects if name.isdecimal() and int(name) == int(FASTAI_SUBJECT)]
    return thirteen[0] if thirteen else ",".join(subjects[-max(1, round(len(subjects) * 0.15)) :])


def _question(subjects: Sequence[str]) -> Question:
    return Question(
        id="valid",
        text="Subjects to hold out for validation",
        choices=tuple(subjects),
        default=default_held_out(subjects),
        many=True,
    )


def _frames(folder: Path) -> list[str]:
    return [name for name in image_names(folder, recursive=False) if _FRAME.match(name)]


def _subjects(source: Path) -> list[Path]:
    """Folders with frames beside a pose file or a calibration; the source itself where its frames lie in it."""
    return [folder for folder in (source, *subfolders(source)) if _is_subject(folder)]


def _is_subject(folder: Path) -> bool:
    with os.scandir(folder) as entries:  # names only: a folder of 100,000 files is looked at as well
        names = [entry.name for entry in entries]
    if "rgb.cal" not in names and not any(name.endswith("_pose.txt") for name in names):
        return False
    return any("_rgb." in name and is_image_name(name) for name in names)


def _frames_of(source: Path) -> tuple[list[NewItem], dict[int, LabelReader], list[str]]:
    items: list[NewItem] = []
    labels: dict[int, LabelReader] = {}
    problems: list[str] = []
    for folder in _subjects(source):
        camera = _camera(folder, problems)
        for name in _frames(folder):
            below = "" if folder == source else f"{folder.name}/"
            pose = folder / (name[: name.rindex("_rgb.")] + "_pose.txt")
            if camera and pose.is_file():
                labels[len(items)] = PoseReader(folder / name, pose, camera)
            items.append(NewItem(name=below + name, path=folder / name, group=folder.name))
    return items, labels, problems


def _camera(folder: Path, problems: list[str]) -> Camera | None:
    path = folder / "rgb.cal"
    if not path.is_file():
        problems.append(f"{folder} has no rgb.cal, so its poses cannot be projected; its frames stay unlabelled.")
        return None
    try:
        return read_camera(path)
    except BadInput as error:
        problems.append(f"{error.sentence} The frames of {folder.name} stay unlabelled.")
        return None


def _split(items: Sequence[NewItem], options: ImportOptions) -> ChosenSplit:
    names, groups = [item.name for item in items], [item.group for item in items]
    if options.valid is not None:
        return choose_split(names, groups, valid=options.valid, seed=options.seed)
    subjects = sorted(set(groups))
    if len(subjects) > 1:
        return split_by_groups(groups, valid=default_held_out(subjects))
    return split_at_random(names, groups, share=DEFAULT_SHARE, seed=options.seed)
