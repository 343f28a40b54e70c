"""Documents with a class each as a table: `label,text,is_valid`, as fast.ai's IMDB sample has them.

Further columns may be `name` and `split`. Each text becomes a file `texts/NAME.txt` of the project, sign for sign as it
stands in its cell. `classes.csv` may fix order, colours and keys.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from studio.core.counting import counted
from studio.core.errors import BadInput, BadTable
from studio.core.items import NewItem, Split
from studio.core.settings import ProjectSettings, SplitRule, Task
from studio.core.tags import Tags
from studio.formats.class_files import CLASS_TABLE
from studio.formats.complaints import Complaints
from studio.formats.embedded_texts import TEXTS_FOLDER
from studio.formats.listing import name_some
from studio.formats.plan import ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.sources import files_of, folder_of
from studio.formats.splits import ChosenSplit, choose_split, split_cell
from studio.formats.tables import csv_header, read_text
from studio.formats.tag_labels import UNLABELLED_NAMES, TagsReader, tag_classes

TEXT_TABLE: Final = "texts.csv"
COLUMNS: Final = ("label", "text", "is_valid", "name", "split")
_TEXT_COLUMNS: Final = ("text", "review", "document", "sentence", "content", "comment")
_LABEL_COLUMNS: Final = ("label", "class", "category", "sentiment", "target")
_SPLIT_COLUMNS: Final = ("split", "is_valid")
_LONGEST: Final = 2**31 - 1
"""Signs in a cell; Python's own limit of 131,072 is less than a long document."""


@dataclasses.dataclass(frozen=True)
class _Columns:
    text: str
    label: str | None
    split: str | None
    name: str | None


@dataclasses.dataclass(frozen=True)
class _Row:
    number: int
    name: str
    text: str
    label: str
    split: Split | None


class TextCsvImporter:
    name = "text"
    title = "Documents in a table (CSV)"
    options = ("valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        found = _find_table(source)
        if found is None:
            return None
        table, columns = found
        question = Question(id="valid", text="Share to hold out for validation", default="0.2")
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Documents: {table.name} with the column {columns.text}"
            + (f" and the class of each in {columns.label}." if columns.label else ", none of them labelled."),
            confidence=83,
            questions=() if columns.split else (question,),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        found = _find_table(source)
        if found is None:
            raise BadInput(
                f"{source} has no CSV file with a column {', '.join(_TEXT_COLUMNS[:3])} or the like; "
                "add a first line that names the columns, such as label,text,is_valid."
            )
        table, columns = found
        problems: list[str] = []
        rows = _rows(table, columns, problems)
        classes = tag_classes(table.parent, (row.label for row in rows if row.label), problems)
        ids = {c.name: c.id for c in classes}
        split = _split(rows, table, valid=options.valid, seed=options.seed)
        folder = table.parent.resolve() / TEXTS_FOLDER
        items = [
            NewItem(name=row.name, path=folder / row.name, split=chosen)
            for row, chosen in zip(rows, split.splits, strict=True)
        ]
        labels: dict[int, LabelReader] = {
            index: TagsReader(Tags((ids[row.label],))) for index, row in enumerate(rows) if row.label
        }
        settings = ProjectSettings(
            name=folder_of(source).resolve().name, task=Task.TEXT, classes=classes, split_rule=split.rule
        )
        sentence = (
            f"Documents: {len(items):,} in {table.name}, {len(labels):,} with a class, "
            f"{counted(len(classes), 'class')}."
        )
        return ImportPlan(
            settings=settings,
            items=items,
            labels=labels,
            found=sentence,
            texts={index: row.text for index, row in enumerate(rows)},
            problems=[*problems, *split.problems],
        )


def _find_table(source: Path) -> tuple[Path, _Columns] | None:
    """`texts.csv`, or the first CSV file that has a column of texts."""
    for table in sorted(files_of(source, ".csv"), key=lambda path: (path.name != TEXT_TABLE, path.name)):
        lower = {name.lower(): name for name in reversed(csv_header(table))}
        text, label, split, name = (
            next((lower[c] for c in candidates if c in lower), None)
            for candidates in (_TEXT_COLUMNS, _LABEL_COLUMNS, _SPLIT_COLUMNS, ("name",))
        )
        is_clear = label is not None or name is not None or len(lower) == 1
        if text is not None and is_clear and table.name != CLASS_TABLE:
            return table, _Columns(text, label, split, name)
    return None


def _rows(table: Path, columns: _Columns, problems: list[str]) -> list[_Row]:
    """Every row with a text; sentences about the others. Raises BadTable."""
    complaints = Complaints(table)
    rows: list[_Row] = []
    names: set[str] = set()
    unlabelled: list[str] = []
    cells = list(_cells(table))
    width = len(str(len(cells)))
    for number, cell in enumerate(cells, start=1):
        text, label = cell.get(columns.text) or "", (cell.get(columns.label or "") or "").strip()
        name = _name((cell.get(columns.name or "") or "").strip(), f"{table.stem}_{number:0{width}}")
        if not text.strip():
            complaints.add(f"row {number}", "it has no text")
            continue
        if name.lower() in names:
            complaints.add(f"row {number}", f"its name {name} is another row's already")
            continue
        names.add(name.lower())
        if label.lower() in UNLABELLED_NAMES:
            label = ""
        if not label:
            unlabelled.append(f"row {number}")
        rows.append(_Row(number, name, text, label, split_cell(cell.get(columns.split or "") or "")))
    if not rows:
        raise BadTable(table, "no row has a text", "its first line names the columns, a row is label,text,is_valid")
    problems += complaints.sentences
    if unlabelled and len(unlabelled) < len(rows):
        problems.append(
            f"{table}: {counted(len(unlabelled), 'row has', 'rows have')} no label ({name_some(unlabelled)}); "
            "stay unlabelled."
        )
    return rows


def _name(told: str, otherwise: str) -> str:
    """A row's name as an item's: relative, with `/`, ending with .txt."""
    parts = [part for part in told.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    name = "/".join(parts) or otherwise
    return name if name.lower().endswith(".txt") else f"{name}.txt"


def _cells(table: Path) -> Iterator[Mapping[str, str | None]]:
    """Rows by column name, the cells exactly as they are. Raises BadTable."""
    text = read_text(table)
    first = text[: text.find("\n") + 1] or text
    csv.field_size_limit(_LONGEST)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), restval="")
        rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
        yield from rows
    except csv.Error as error:
        raise BadTable(
            table, f"it is not a CSV file ({error})", "save it as CSV with a comma between the cells"
        ) from error


def _split(rows: Sequence[_Row], table: Path, *, valid: str | None, seed: int) -> ChosenSplit:
    if valid is None and any(row.split for row in rows):
        splits = [row.split or Split.TRAIN for row in rows]
        return ChosenSplit(splits, SplitRule(kind="list", detail=table.name))
    return choose_split([row.name for row in rows], [""] * len(rows), valid=valid, seed=seed)
