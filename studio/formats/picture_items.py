"""The pictures of an annotated set as items: which come in, what they are called and which split they are in."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from studio.core.items import NewItem, Split
from studio.core.settings import SplitRule
from studio.formats.listing import sequence_of
from studio.formats.pictures import Pictures, common_folder
from studio.formats.plan import ImportOptions
from studio.formats.splits import ChosenSplit, choose_split


@dataclasses.dataclass(frozen=True)
class PictureItems:
    """`names` are those of the pictures below the source, in the order of `items`, whose names leave out the folder
    `root` that all annotated pictures share."""

    names: tuple[str, ...]
    items: list[NewItem]
    root: Path
    rule: SplitRule
    problems: list[str]


def picture_items(
    pictures: Pictures,
    annotated: Iterable[str],
    options: ImportOptions,
    *,
    said: Mapping[str, Split] | None = None,
    said_by: str = "",
    only: Container[str] | None = None,
) -> PictureItems:
    """Every picture in the folder that the annotated ones share, annotated or not. `said` are splits by name that the
    source knows (`said_by` names what says it); they count where they name several and nothing else was asked for. With
    `only` no other pictures come in than those.

    Raises BadInput where `options.valid` fits nothing.
    """
    base = common_folder(annotated)
    names = tuple(n for n in pictures.names if n.startswith(base) and (only is None or n in only))
    short = [name.removeprefix(base) for name in names]
    groups = [sequence_of(name) for name in short]
    split = _split(names, short, groups, options, said or {}, said_by)
    items = [
        NewItem(name=item, path=pictures.folder / name, split=chosen, group=group)
        for name, item, chosen, group in zip(names, short, split.splits, groups, strict=True)
    ]
    return PictureItems(names, items, pictures.folder / base if base else pictures.folder, split.rule, split.problems)


def _split(
    names: Iterable[str],
    short: list[str],
    groups: list[str],
    options: ImportOptions,
    said: Mapping[str, Split],
    said_by: str,
) -> ChosenSplit:
    if options.valid is None and len(set(said.values())) > 1:
        return ChosenSplit([said.get(name, Split.TRAIN) for name in names], SplitRule(kind="list", detail=said_by))
    return choose_split(short, groups, valid=options.valid, seed=options.seed)
