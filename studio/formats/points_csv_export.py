"""Keypoints as the table that `points_csv.py` reads, with the pictures in `images/`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from studio.core.counting import counted
from studio.core.points import Points
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import SourceNotes
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    below,
    copy_picture,
    empty_folder,
    write_text,
)
from studio.formats.points_csv import ALL_COLUMNS, ORDER_TABLE, POINTS_TABLE


class PointsCsvExporter:
    name = "csv"
    title = "Keypoints in a table (CSV)"
    tasks = (Task.KEYPOINTS,)

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
        rows: list[tuple[str, ...]] = []
        problems: list[str] = []
        labelled = total = 0
        for done, exported in enumerate(items, start=1):
            total = done
            if images:
                problem = copy_picture(exported.item.path, out / "images" / below(exported.item.name))
                problems += [problem] if problem else []
            points = list(_rows(settings, exported))
            labelled += bool(points)
            rows += points or [(exported.item.name, "", "", "", "", exported.item.split.value, "0")]
            if progress:
                progress(done)
        several = any(row[-1] != "0" for row in rows)
        columns = len(ALL_COLUMNS) if several else len(ALL_COLUMNS) - 1
        _write_table(out / POINTS_TABLE, [ALL_COLUMNS[:columns], *(row[:columns] for row in rows)])
        _write_table(out / ORDER_TABLE, [("name", "color"), *((k.name, k.color) for k in settings.keypoints)])
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=tuple(problems),
            sentence=f"{out} has {counted(total, 'image')}, {labelled:,} of them with points, in {POINTS_TABLE}.",
        )


def _rows(settings: ProjectSettings, exported: ExportedItem) -> Iterator[tuple[str, ...]]:
    """A row for each point; coordinates in pixels, written so that reading them gives the same number."""
    label = exported.label
    for point in label.placed if isinstance(label, Points) else ():
        yield (
            exported.item.name,
            settings.keypoints[point.index].name,
            repr(float(point.x)),
            repr(float(point.y)),
            point.visibility.value,
            exported.item.split.value,
            str(point.instance),
        )


def _write_table(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue().splitlines())
