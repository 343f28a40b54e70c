"""The layout of fast.ai's CamVid: `images/X.png`, `labels/X_P.png`, `codes.txt`, `valid.txt` (`test.txt` where needed).

Beside `codes.txt`, which only names, lie `label_colors.txt` (the data set's own way to say colours) and `classes.csv`
(ids, keys and void as well), so that importing the export gives the same classes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.classes import LabelClass, rgb
from studio.core.counting import counted
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import SourceNotes
from studio.formats.class_files import CLASS_COLUMNS, CLASS_TABLE, CODES, COLORS
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
from studio.formats.listing import stem

LABEL_SUFFIX: Final = "_P"


class CamvidExporter:
    name = "camvid"
    title = "Pictures with label images (CamVid, fast.ai)"
    tasks = (Task.SEGMENTATION,)

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
        write_classes(out, settings.classes)
        names: dict[Split, list[str]] = {split: [] for split in Split}
        stems: set[str] = set()
        problems: list[str] = []
        labelled = 0
        for done, exported in enumerate(items, start=1):
            name = exported.item.name
            names[exported.item.split].append(name)
            if images:
                problem = copy_picture(exported.item.path, out / "images" / below(name))
                problems += [problem] if problem else []
            bare = stem(name)
            label = name if bare in stems else bare
            stems.add(bare)
            if isinstance(exported.label, np.ndarray):
                path = out / "labels" / below(f"{label}{LABEL_SUFFIX}.png")
                write_mask(path, exported.label, settings.classes, durable=False)
                labelled += 1
            if progress:
                progress(done)
        _write_splits(out, names)
        total = sum(len(of_split) for of_split in names.values())
        return ExportReport(
            items=total,
            labelled=labelled,
            problems=tuple(problems),
            sentence=f"{out} has {counted(total, 'image')}, {counted(labelled, 'mask')} and "
            f"{counted(len(settings.classes), 'class')}.",
        )


def write_classes(out: Path, classes: tuple[LabelClass, ...]) -> None:
    """`codes.txt` has a line for every id up to the highest, so that line and id agree; raises CannotWrite."""
    names = {c.id: c.name for c in classes}
    write_text(out / CODES, [names.get(i, f"unused {i}") for i in range(max(names, default=-1) + 1)])
    write_text(out / COLORS, ["{} {} {}\t{}".format(*rgb(c.color), c.name) for c in classes])
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(CLASS_COLUMNS)
    table.writerows([c.id, c.name, c.color, c.key, "yes" if c.void else "no"] for c in classes)
    write_text(out / CLASS_TABLE, text.getvalue().splitlines())


def _write_splits(out: Path, names: dict[Split, list[str]]) -> None:
    if names[Split.VALID]:
        write_text(out / "valid.txt", names[Split.VALID])
    if held_out := [*names[Split.TEST], *names[Split.PRODUCTION]]:
        write_text(out / "test.txt", held_out)
