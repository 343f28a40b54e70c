"""Biwi frames whose face centres are already projected: `centers.csv` with the columns file, u_px and v_px."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from studio.core.classes import distinct_color
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import NewItem
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.settings import ProjectSettings, Task
from studio.formats.listing import image_names
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised
from studio.formats.point_labels import PointsReader
from studio.formats.splits import choose_split
from studio.formats.tables import csv_header, read_csv

TABLE: Final = "centers.csv"
COLUMNS: Final = ("file", "u_px", "v_px")


def is_there(source: Path) -> bool:
    return (source / TABLE).is_file()


def recognise(source: Path) -> Recognised:
    frames = len(image_names(source))
    complete = set(COLUMNS) <= set(csv_header(source / TABLE))
    return Recognised(
        format="biwi",
        title="Biwi head pose, projected centres",
        source=source,
        found=f"Biwi head pose: {counted(frames, 'frame')} and {TABLE} with the face's centre in each.",
        confidence=95 if complete else 50,
        questions=(Question(id="valid", text="Share or subjects to hold out for validation", default="0.2"),),
    )


def plan(source: Path, options: ImportOptions) -> ImportPlan:
    """Raises BadTable where a column is missing, BadInput where there is no picture."""
    rows = read_csv(source / TABLE, columns=COLUMNS)
    names = image_names(source)
    if not names:
        raise BadInput(f"{source} has {TABLE} but no picture; choose the folder in which the frames lie.")
    groups = [name.split("/", 1)[0] if "/" in name else "" for name in names]
    split = choose_split(names, groups, valid=options.valid, seed=options.seed)
    items = [
        NewItem(name=name, path=source / name, split=chosen, group=group)
        for name, chosen, group in zip(names, split.splits, groups, strict=True)
    ]
    problems = list(split.problems)
    labels = _labels(source, names, rows, problems)
    settings = ProjectSettings(
        name=source.resolve().name,
        task=Task.KEYPOINTS,
        keypoints=(KeypointName(name="face centre", color=distinct_color(0)),),
        split_rule=split.rule,
        image_roots=(str(source.resolve()),),
    )
    found = f"Biwi head pose: {counted(len(items), 'frame')}, {len(labels):,} with a centre in {TABLE}."
    return ImportPlan(settings=settings, items=items, labels=labels, problems=problems, found=found)


def _labels(source: Path, names: list[str], rows: list[dict[str, str]], problems: list[str]) -> dict[int, LabelReader]:
    places = {name: index for index, name in enumerate(names)}
    labels: dict[int, LabelReader] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{source / TABLE}, line {number}"
        index = places.get(row["file"].replace("\\", "/"))
        if index is None:
            problems.append(f"{where}: {row['file'] or 'an empty name'} is not a picture here; the line was left out.")
            continue
        try:
            u, v = float(row["u_px"]), float(row["v_px"])
        except ValueError:
            u = v = math.nan
        if not (math.isfinite(u) and math.isfinite(v)):
            problems.append(f"{where}: ({row['u_px']}, {row['v_px']}) is no point; the frame stays unlabelled.")
            continue
        labels[index] = PointsReader(source / names[index], Points((Keypoint(index=0, x=u, y=v),)))
    return labels
