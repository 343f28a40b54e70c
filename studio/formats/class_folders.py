"""A folder for each class, as fast.ai and torchvision read them: `train/bees/a.jpg`, or `bees/a.jpg` without splits.

Pictures make a project of single labels, text files (`train/pos/1.txt`) one of documents. What lies in a folder
`unlabelled`, or directly in a split's folder, is nobody's yet. `classes.csv` may fix order, colours and keys.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.settings import ProjectSettings, SplitRule, Task
from studio.core.tags import Tags
from studio.formats.class_files import CLASS_TABLE
from studio.formats.label_pairs import IMAGE_FOLDERS, LABEL_FOLDERS
from studio.formats.listing import image_names, name_some, text_names
from studio.formats.plan import ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.splits import FOLDER_SPLITS, ChosenSplit, choose_split
from studio.formats.tables import read_csv
from studio.formats.tag_labels import UNLABELLED_NAMES, TagsReader, tag_classes

_SURE: Final = 82
_LIKELY: Final = 20
"""Above a plain folder of pictures, below every layout that a file of its own names."""

_FEW: Final = 0.02
"""A share of files of another kind that is worth a look."""


@dataclasses.dataclass(frozen=True)
class _Place:
    """What a file's folders say; None where they say nothing."""

    split: Split | None
    folder: str | None


class ClassFoldersImporter:
    name = "class-folders"
    title = "A folder for each class"
    options = ("valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        names, task = _files(source)
        places = [_place(name) for name in names]
        confidence = _confidence(places)
        if confidence is None:
            return None
        folders = sorted({place.folder for place in places if place.folder and not _is_unlabelled(place.folder)})
        what = "documents" if task is Task.TEXT else "images"
        has_valid = any(place.split is Split.VALID for place in places)
        question = Question(id="valid", text="Share to hold out for validation", default="0.2")
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"Class folders: {len(names):,} {what}, {counted(len(folders), 'class')} "
            f"({name_some(folders, at_most=4)}).",
            confidence=confidence,
            questions=() if has_valid else (question,),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        names, task = _files(source)
        places = [_place(name) for name in names]
        if not any(place.folder for place in places):
            raise BadInput(f"{source} has no folder of pictures or texts that could be a class; choose another folder.")
        problems = _odd_kinds(names)
        called = _folder_names(source)
        used = [_class_of(place, called) for place in places]
        classes = tag_classes(source, (name for name in used if name), problems)
        split = _split(names, places, valid=options.valid, seed=options.seed)
        root = source.resolve()
        items = [
            NewItem(name=name, path=root / name, split=chosen) for name, chosen in zip(names, split.splits, strict=True)
        ]
        labels = _labels(used, classes)
        what = "documents" if task is Task.TEXT else "images"
        settings = ProjectSettings(
            name=root.name, task=task, classes=classes, split_rule=split.rule, image_roots=(str(root),)
        )
        found = f"Class folders: {len(items):,} {what}, {len(labels):,} with a class, {counted(len(classes), 'class')}."
        return ImportPlan(
            settings=settings, items=items, labels=labels, found=found, problems=[*problems, *split.problems]
        )


def _files(source: Path) -> tuple[list[str], Task]:
    """Pictures, or texts where there is no picture."""
    pictures = image_names(source)
    return (pictures, Task.SINGLE_LABEL) if pictures else (text_names(source), Task.TEXT)


def _place(name: str) -> _Place:
    parts = name.split("/")[:-1]
    split = FOLDER_SPLITS.get(parts[0].lower()) if parts else None
    below = parts[1:] if split else parts
    return _Place(split, below[0] if below else None)


def _is_unlabelled(folder: str) -> bool:
    return folder.lower() in UNLABELLED_NAMES


def _confidence(places: Sequence[_Place]) -> int | None:
    """Sure where splits share their class folders; likely where every file lies in one of several folders."""
    by_split: dict[Split | None, set[str]] = {}
    for place in places:
        by_split.setdefault(place.split, set()).add(place.folder or "")
    folders = set().union(*by_split.values()) if by_split else set()
    if {f.lower() for f in folders} & {*IMAGE_FOLDERS, *LABEL_FOLDERS}:
        return None
    told = [named - {""} for split, named in by_split.items() if split is not None and named - {""}]
    if None not in by_split and told and len(set.union(*told)) >= 2 and all(named & told[0] for named in told):
        return _SURE
    return _LIKELY if set(by_split) == {None} and len(folders) >= 2 and "" not in folders else None


def _folder_names(source: Path) -> dict[str, str]:
    """Class name by folder, where `classes.csv` tells them apart."""
    table = source / CLASS_TABLE
    if not table.is_file():
        return {}
    return {row.get("folder") or row["name"]: row["name"] for row in read_csv(table, columns=("name",))}


def _class_of(place: _Place, called: Mapping[str, str]) -> str | None:
    if place.folder is None or (place.folder not in called and _is_unlabelled(place.folder)):
        return None
    return called.get(place.folder, place.folder)


def _labels(used: Sequence[str | None], classes: Sequence[LabelClass]) -> dict[int, LabelReader]:
    ids = {c.name: c.id for c in classes}
    return {index: TagsReader(Tags((ids[name],))) for index, name in enumerate(used) if name}


def _split(names: Sequence[str], places: Sequence[_Place], *, valid: str | None, seed: int) -> ChosenSplit:
    """By the folders, where they name a validation set and nothing else was asked for; files of the test folder are the
    test's in any case."""
    by_folder = [place.split or Split.TRAIN for place in places]
    if valid is None and Split.VALID in by_folder:
        return ChosenSplit(by_folder, SplitRule(kind="folder"))
    free = [index for index, split in enumerate(by_folder) if split is not Split.TEST]
    chosen = choose_split([names[i] for i in free], [""] * len(free), valid=valid, seed=seed)
    splits = list(by_folder)
    for index, split in zip(free, chosen.splits, strict=True):
        splits[index] = split
    return ChosenSplit(splits, chosen.rule, chosen.problems)


def _odd_kinds(names: Sequence[str]) -> list[str]:
    """A sentence where a few files are of another kind than all others, as a placeholder of a failed download is."""
    kinds = Counter(name.rpartition(".")[2].lower() for name in names)
    if len(kinds) < 2:
        return []
    usual = kinds.most_common(1)[0][0]
    odd = [name for name in names if name.rpartition(".")[2].lower() != usual]
    if len(odd) > _FEW * len(names):
        return []
    are = "file is" if len(odd) == 1 else "files are"
    return [f"{len(odd)} {are} no .{usual} as all others are ({name_some(odd)}); look whether they belong to the data."]
