"""Tags as a table: `image_name,tags`, a row a picture, tags separated by blanks, as Kaggle's planet has them.

Names may lack folder and suffix. A column `label` or `class` in place of `tags` makes a project of single labels; a
column `split` or `is_valid` the split. With a column `labelled` a row without tags can say that none applies.
`classes.csv` may fix order, colours and keys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.settings import ProjectSettings, SplitRule, Task
from studio.core.tags import Tags
from studio.formats.class_files import CLASS_TABLE, read_class_table
from studio.formats.listing import name_some
from studio.formats.pictures import Pictures
from studio.formats.plan import ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.sources import files_of, folder_of
from studio.formats.splits import ChosenSplit, choose_split, split_cell
from studio.formats.tables import csv_header, read_csv
from studio.formats.tag_labels import TagsReader, tag_classes

TAGS_TABLE: Final = "tags.csv"
COLUMNS: Final = ("image_name", "tags", "split", "labelled")
_NAME_COLUMNS: Final = ("image_name", "image", "filename", "file_name", "file", "name", "path", "id")
_MANY_COLUMNS: Final = ("tags", "labels")
_ONE_COLUMNS: Final = ("label", "class", "category", "tag")
_SEPARATORS: Final = (" ", ";", "|", ",", "/", "\t")
_SPLIT_COLUMNS: Final = ("split", "is_valid")


@dataclasses.dataclass(frozen=True)
class _Columns:
    name: str
    label: str
    split: str | None
    task: Task


@dataclasses.dataclass
class _Rows:
    """What the table says, by picture name: the class names, and the split where it tells one."""

    tags: dict[str, list[str]]
    splits: dict[str, Split]
    problems: list[str]
    named: set[str] = dataclasses.field(default_factory=set)
    """Every picture that has a row."""


class TagsCsvImporter:
    name = "tags"
    title = "Tags of images in a table (CSV)"
    options = ("valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        found = _find_table(source)
        if found is None:
            return None
        table, columns = found
        number = len(Pictures(folder_of(source)).names)
        if not number and not source.is_file():
            return None
        what = "tags" if columns.task is Task.MULTI_LABEL else "one label for each"
        question = Question(id="valid", text="Share to hold out for validation", default="0.2")
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Labels of whole images: {counted(number, 'image')}, and {table.name} with {what}.",
            confidence=84,
            questions=() if columns.split else (question,),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        found = _find_table(source)
        if found is None:
            raise BadInput(
                f"{source} has no CSV file with a column {' or '.join(_NAME_COLUMNS[:3])} "
                f"and a column {' or '.join((*_MANY_COLUMNS, *_ONE_COLUMNS[:2]))}; add a first line that names them."
            )
        table, columns = found
        pictures = Pictures(folder_of(source))
        if not pictures.names:
            raise BadInput(f"{pictures.folder} has {table.name} but no picture; put the pictures beside it.")
        rows = _read_rows(table, columns, pictures, is_alone=source.is_file())
        names = [name for name in pictures.names if name in rows.named] if source.is_file() else pictures.names
        classes = tag_classes(table.parent, (name for names in rows.tags.values() for name in names), rows.problems)
        ids = {c.name: c.id for c in classes}
        split = _split(names, rows.splits, table, valid=options.valid, seed=options.seed)
        root = pictures.folder.resolve()
        items = [
            NewItem(
                name=name,
                path=root / name,
                split=chosen,
            )
            for name, chosen in zip(names, split.splits, strict=True)
        ]
        labels: dict[int, LabelReader] = {
            index: TagsReader(Tags.of(ids[each] for each in rows.tags[name]))
            for index, name in enumerate(names)
            if name in rows.tags
        }
        settings = ProjectSettings(
            name=root.name, task=columns.task, classes=classes, split_rule=split.rule, image_roots=(str(root),)
        )
        sentence = (
            f"Labels of whole images: {counted(len(items), 'image')}, {len(labels):,} labelled, "
            f"{counted(len(classes), 'class')}."
        )
        return ImportPlan(
            settings=settings, items=items, labels=labels, found=sentence, problems=[*rows.problems, *split.problems]
        )


def _find_table(source: Path) -> tuple[Path, _Columns] | None:
    """`tags.csv`, or the first CSV file that has the columns."""
    tables = sorted(files_of(source, ".csv"), key=lambda path: (path.name != TAGS_TABLE, path.name))
    for table in tables:
        columns = _columns(csv_header(table)) if table.name != CLASS_TABLE else None
        if columns is not None:
            return table, columns
    return None


def _columns(header: Sequence[str]) -> _Columns | None:
    lower = {name.lower(): name for name in reversed(header)}

    def first(candidates: Sequence[str]) -> str | None:
        return next((lower[c] for c in candidates if c in lower), None)

    name, many, one = first(_NAME_COLUMNS), first(_MANY_COLUMNS), first(_ONE_COLUMNS)
    label = many or one
    if name is None or label is None or {"text", "keypoint"} & set(lower):
        return None
    return _Columns(name, label, first(_SPLIT_COLUMNS), Task.MULTI_LABEL if many else Task.SINGLE_LABEL)


def _read_rows(table: Path, columns: _Columns, pictures: Pictures, *, is_alone: bool) -> _Rows:
    """`is_alone`: pictures without a row do not come in, so nothing is said about them."""
    rows = _Rows({}, {}, [])
    lost, empty, again = [], [], []
    cells = read_csv(table, columns=(columns.name, columns.label))
    separator = _separator(table, [row[columns.label] for row in cells], columns.task)
    for row in cells:
        name = pictures.find(row[columns.name]) if row[columns.name] else None
        if name is None:
            lost.append(row[columns.name] or "a row without a name")
            continue
        rows.named.add(name)
        split = split_cell(row.get(columns.split, "")) if columns.split else None
        if split:
            rows.splits[name] = split
        tags = [tag for part in row[columns.label].split(separator) if (tag := part.strip())] if separator else []
        tags = tags if separator or not row[columns.label] else [row[columns.label]]
        told = row.get("labelled", "").lower()
        if not tags and told != "yes":
            empty += [name] if told != "no" else []
        elif name not in rows.tags:
            rows.tags[name] = tags
        elif set(rows.tags[name]) != set(tags):
            again.append(name)
            rows.tags[name] += tags if columns.task is Task.MULTI_LABEL else []
    untold = 0 if is_alone else len(pictures.names) - len(rows.tags) - len(set(empty))
    rows.problems += _complaints(table, untold, rows, (lost, empty, again), columns.task)
    return rows


def _complaints(
    table: Path, untold: int, rows: _Rows, odd: tuple[list[str], list[str], list[str]], task: Task
) -> list[str]:
    """One sentence for each kind of fault; `untold` pictures have no row."""
    lost, empty, again = odd
    problems = []
    if lost:
        problems.append(f"{table}: {len(lost):,} of its rows have no image ({name_some(lost)}); left out.")
    if empty:
        problems.append(
            f"{table}: {counted(len(empty), 'row has', 'rows have')} no label ({name_some(empty)}); they stay "
            "unlabelled."
        )
    if again:
        did = "their tags were joined" if task is Task.MULTI_LABEL else "the first row counts"
        problems.append(
            f"{table}: {counted(len(again), 'row repeats', 'rows repeat')} an image with other labels "
            f"({name_some(again)}); {did}."
        )
    if untold > 0 and "labelled" not in {c.lower() for c in csv_header(table)}:
        problems.append(f"{table} has no row for {untold:,} of the images; they stay unlabelled.")
    return problems


def _separator(table: Path, cells: Sequence[str], task: Task) -> str | None:
    """What stands between tags: where `classes.csv` names the classes, the first sign that none of them has in it, as
    the exporter chooses it; else a sign that some cell has, or a blank. None: a cell is one class."""
    if task is Task.SINGLE_LABEL:
        return None
    classes = table.parent / CLASS_TABLE
    if classes.is_file():
        return separator_for([c.name for c in read_class_table(classes)])
    return next((sign for sign in (";", "|", ",") if any(sign in cell for cell in cells)), " ")


def separator_for(names: Sequence[str]) -> str | None:
    """The first sign that no name has in it; None where every sign is in some name."""
    return next((sign for sign in _SEPARATORS if not any(sign in name for name in names)), None)


def _split(
    names: Sequence[str], told: Mapping[str, Split], table: Path, *, valid: str | None, seed: int
) -> ChosenSplit:
    """What the table says, where it says something and nothing else was asked for. Single images are drawn otherwise:
    numbers in the names of such data sets are no sequences."""
    if valid is None and told:
        return ChosenSplit([told.get(n, Split.TRAIN) for n in names], SplitRule(kind="list", detail=table.name))
    return choose_split(names, [""] * len(names), valid=valid, seed=seed)
