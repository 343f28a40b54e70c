"""Tags as the table that `tags_csv.py` reads, with the pictures in `images/`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import SourceNotes
from studio.formats.class_files import CLASS_TABLE
from studio.formats.exports import (
    NO_NOTES,
    ExportedItem,
    ExportReport,
    ProgressCall,
    below,
    copy_picture,
    empty_folder,
    write_csv,
)
from studio.formats.tag_labels import names_of, write_classes
from studio.formats.tags_csv import COLUMNS, TAGS_TABLE, separator_for


class TagsCsvExporter:
    name = "tags"
    title = "Tags of images in a table (CSV)"
    tasks = (Task.MULTI_LABEL, Task.SINGLE_LABEL)

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
        """Every item has a row; `labelled` tells those of which none of the tags applies from those that nobody has
        looked at. Raises BadInput where no sign could stand between the tags."""
        many = settings.task is Task.MULTI_LABEL
        separator = separator_for([c.name for c in settings.classes]) if many else ""
        if separator is None:
            raise BadInput(
                "The names of the tags have every sign in them that could stand between two (blank ; | , / tab); "
                "rename some."
            )
        empty_folder(out)
        rows: list[tuple[str, ...]] = []
        problems: list[str] = []
        labelled = 0
        for done, exported in enumerate(items, start=1):
            item = exported.item
            if images:
                problem = copy_picture(item.path, out / "images" / below(item.name))
                problems += [problem] if problem else []
            told = exported.tags is not None
            labelled += told
            tags = separator.join(names_of(exported, settings))
            rows.append((item.name, tags, item.split.value, "yes" if told else "no"))
            if progress:
                progress(done)
        columns = COLUMNS if many else (COLUMNS[0], "label", *COLUMNS[2:])
        write_csv(out / TAGS_TABLE, [columns, *rows])
        write_classes(out / CLASS_TABLE, settings.classes)
        return ExportReport(
            items=len(rows),
            labelled=labelled,
            problems=tuple(problems),
            sentence=f"{out} has {counted(len(rows), 'image')}, {labelled:,} of them labelled in {TAGS_TABLE}.",
        )
