"""Documents and their classes as the table that `text_csv.py` reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from studio.core.counting import counted
from studio.core.errors import StudioError
from studio.core.items import Split
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import SourceNotes
from studio.core.texts import read_document
from studio.formats.class_files import CLASS_TABLE
from studio.formats.exports import NO_NOTES, ExportedItem, ExportReport, ProgressCall, empty_folder, write_csv
from studio.formats.tag_labels import names_of, write_classes
from studio.formats.text_csv import COLUMNS, TEXT_TABLE


class TextCsvExporter:
    name = "text"
    title = "Documents in a table (CSV)"
    tasks = (Task.TEXT,)

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
        """The texts are the table, so they are written whatever `images` says."""
        empty_folder(out)
        rows: list[tuple[str, ...]] = []
        problems: list[str] = []
        labelled = 0
        for done, exported in enumerate(items, start=1):
            item = exported.item
            try:
                text = read_document(item.path)
            except StudioError as error:
                problems.append(error.sentence)
            else:
                label = "".join(names_of(exported, settings)[:1])
                labelled += bool(label)
                rows.append((label, text, str(item.split is Split.VALID), item.name, item.split.value))
            if progress:
                progress(done)
        write_csv(out / TEXT_TABLE, [COLUMNS, *rows])
        write_classes(out / CLASS_TABLE, settings.classes)
        return ExportReport(
            items=len(rows),
            labelled=labelled,
            problems=tuple(problems),
            sentence=f"{out} has {counted(len(rows), 'document')}, {labelled:,} of them with a class, in {TEXT_TABLE}.",
        )
