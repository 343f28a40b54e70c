"""Keypoints as a table: `name,keypoint,x,y,visibility,split`, a row a point; pictures beside it or in `images/`.

A row without a keypoint only names a picture, so that one without points keeps its split. `instance` may follow as a
seventh column. `keypoints_order.csv` (`name,color`) fixes order and colours, else the order of first mention counts.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from studio.core.classes import distinct_color, rgb
from studio.core.counting import counted
from studio.core.errors import BadInput, BadTable
from studio.core.items import NewItem, Split
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.settings import ProjectSettings, SplitRule, Task
from studio.formats.listing import image_names, name_some, sequence_of
from studio.formats.plan import ImportPlan, Question, Recognised, read_options
from studio.formats.point_labels import PointsReader
from studio.formats.sources import files_of, folder_of
from studio.formats.splits import FOLDER_SPLITS, ChosenSplit, choose_split
from studio.formats.tables import csv_header, read_csv

POINTS_TABLE: Final = "keypoints.csv"
ORDER_TABLE: Final = "keypoints_order.csv"
COLUMNS: Final = ("name", "keypoint", "x", "y")
ALL_COLUMNS: Final = (*COLUMNS, "visibility", "split", "instance")


@dataclasses.dataclass
class _Rows:
    """What the table says, by picture name."""

    points: dict[str, Points]
    splits: dict[str, Split]
    keypoints: list[KeypointName]
    problems: list[str]


class PointsCsvImporter:
    name = "csv"
    title = "Keypoints in a table (CSV)"
    options = ("valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        table = _find_table(source)
        if table is None:
            return None
        folder = _image_folder(source)
        names = image_names(folder)
        if not names:
            return None
        complete = set(COLUMNS) <= set(csv_header(table))
        asks_split = "split" not in csv_header(table)
        question = Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2")
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Keypoints: {counted(len(names), 'image')} and {table.name} with their points.",
            confidence=85 if complete else 40,
            questions=(question,) if asks_split else (),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        table = _find_table(source)
        if table is None:
            raise BadInput(f"{source} has no {POINTS_TABLE} or other CSV file with the columns {', '.join(COLUMNS)}.")
        folder = _image_folder(source)
        names = image_names(folder)
        rows = _read_rows(table, table.parent / ORDER_TABLE)
        lost = sorted((set(rows.points) | set(rows.splits)) - set(names))
        if lost:
            rows.problems.append(f"{table}: {len(lost):,} of its names have no image ({name_some(lost)}).")
        if not names:
            raise BadInput(f"{source} has {table.name} but no picture; put the pictures beside it or into images.")
        if source.is_file():
            names = [name for name in names if name in rows.points or name in rows.splits]
        split = _split(names, rows.splits, valid=options.valid, seed=options.seed)
        items = [
            NewItem(name=name, path=folder / name, split=chosen, group=sequence_of(name))
            for name, chosen in zip(names, split.splits, strict=True)
        ]
        labels = {
            index: PointsReader(folder / name, rows.points[name])
            for index, name in enumerate(names)
            if name in rows.points
        }
        settings = ProjectSettings(
            name=folder_of(source).resolve().name,
            task=Task.KEYPOINTS,
            keypoints=tuple(rows.keypoints),
            several_instances=any(len(points.instances) > 1 for points in rows.points.values()),
            split_rule=split.rule,
            image_roots=(str(folder.resolve()),),
        )
        found = (
            f"Keypoints: {counted(len(items), 'image')}, {len(labels):,} with points, "
            f"{counted(len(rows.keypoints), 'keypoint')}."
        )
        return ImportPlan(
            settings=settings, items=items, labels=dict(labels), found=found, problems=[*rows.problems, *split.problems]
        )


def _find_table(source: Path) -> Path | None:
    """`keypoints.csv`, or the first CSV file that has the columns."""
    if source.is_file() and source.name == POINTS_TABLE:
        return source
    if (source / POINTS_TABLE).is_file():
        return source / POINTS_TABLE
    return next((path for path in files_of(source, ".csv") if set(COLUMNS) <= set(csv_header(path))), None)


def _image_folder(source: Path) -> Path:
    folder = folder_of(source)
    return folder / "images" if (folder / "images").is_dir() else folder


def _read_rows(table: Path, order: Path) -> _Rows:
    """Raises BadTable where a column is missing."""
    rows = _Rows({}, {}, _read_order(order), [])
    indices = {keypoint.name: index for index, keypoint in enumerate(rows.keypoints)}
    for number, row in enumerate(read_csv(table, columns=COLUMNS), start=2):
        name = row["name"].replace("\\", "/")
        split = FOLDER_SPLITS.get(row.get("split", "").lower())
        if name and split:
            rows.splits[name] = split
        if not name or not row["keypoint"]:
            continue
        if row["keypoint"] not in indices:
            indices[row["keypoint"]] = len(rows.keypoints)
            rows.keypoints.append(KeypointName(name=row["keypoint"], color=distinct_color(len(rows.keypoints))))
        try:
            point = _point(row, indices[row["keypoint"]])
        except ValueError as error:
            rows.problems.append(f"{table}, line {number}: {error}; the point was left out.")
            continue
        rows.points[name] = rows.points.get(name, Points()).with_point(point)
    if not rows.keypoints:
        raise BadTable(table, "no row names a keypoint", f"a row is {','.join(COLUMNS)}")
    return rows


def _point(row: Mapping[str, str], index: int) -> Keypoint:
    """Raises ValueError with what is wrong."""
    visibility = row.get("visibility", "") or Visibility.VISIBLE
    if visibility not in list(Visibility):
        raise ValueError(f"the visibility {visibility!r} is not one of {', '.join(Visibility)}")
    x, y = float(row["x"] or math.nan), float(row["y"] or math.nan)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"({row['x']}, {row['y']}) is no point")
    return Keypoint(
        index=index, x=x, y=y, visibility=Visibility(visibility), instance=int(row.get("instance", "") or 0)
    )


def _read_order(path: Path) -> list[KeypointName]:
    if not path.is_file():
        return []
    names = []
    for row in read_csv(path, columns=("name", "color")):
        try:
            rgb(row["color"])
        except ValueError as error:
            raise BadTable(path, str(error), "colours are written #rrggbb") from error
        names.append(KeypointName(name=row["name"], color=row["color"]))
    return names


def _split(names: list[str], splits: Mapping[str, Split], *, valid: str | None, seed: int) -> ChosenSplit:
    """What the table says, where it says something and nothing else was asked for; names it leaves out go to train."""
    if valid is None and splits:
        return ChosenSplit(
            [splits.get(name, Split.TRAIN) for name in names], SplitRule(kind="list", detail=POINTS_TABLE)
        )
    return choose_split(names, [sequence_of(name) for name in names], valid=valid, seed=seed)
