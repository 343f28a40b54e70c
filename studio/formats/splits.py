"""Which items are held out for validation: by list, by folder, by sequence or subject, or at random with a seed."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.core.errors import BadInput, BadTable
from studio.core.items import Split
from studio.core.settings import SplitRule
from studio.formats.listing import name_some, stem
from studio.formats.tables import read_lines

FOLDER_SPLITS = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "valid": Split.VALID,
    "val": Split.VALID,
    "validation": Split.VALID,
    "test": Split.TEST,
    "production": Split.PRODUCTION,
}
DEFAULT_SHARE = 0.2
_VALID_CELLS = {"true": Split.VALID, "1": Split.VALID, "yes": Split.VALID}
_TRAIN_CELLS = {"false": Split.TRAIN, "0": Split.TRAIN, "no": Split.TRAIN}


@dataclasses.dataclass(frozen=True)
class ChosenSplit:
    """A split for each name, in their order, and sentences about what the choice could not do."""

    splits: list[Split]
    rule: SplitRule
    problems: list[str] = dataclasses.field(default_factory=list)


def split_cell(text: str) -> Split | None:
    """What a cell of a column `split` (a split's name) or `is_valid` (True or False) says; None for anything else."""
    return {**FOLDER_SPLITS, **_VALID_CELLS, **_TRAIN_CELLS}.get(text.strip().lower())


def choose_split(names: Sequence[str], groups: Sequence[str], *, valid: str | None, seed: int) -> ChosenSplit:
    """What `valid` says: a share, a file of names, or groups; None: `DEFAULT_SHARE` by group at random.

    Raises BadInput where it says something that fits nothing.
    """
    if valid is None:
        return split_at_random(names, groups, share=DEFAULT_SHARE, seed=seed)
    share = _read_share(valid)
    if share is not None:
        return split_at_random(names, groups, share=share, seed=seed)
    if Path(valid).is_file():
        return split_by_lists(names, valid=Path(valid), test=None)
    return split_by_groups(groups, valid=valid)


def _read_share(text: str) -> float | None:
    """0.2 and 20% as a share; None where the text is something else, such as the group 13."""
    percent = text.endswith("%")
    try:
        share = float(text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        return None
    if not percent and "." not in text:
        return None
    if not 0 < share < 1:
        raise BadInput(f"The validation share {text} is not between 0 and 1; 0.2 holds out a fifth.")
    return share


def split_by_lists(names: Sequence[str], *, valid: Path, test: Path | None) -> ChosenSplit:
    """Names in the lists go to their split, the rest to train. A list may leave out suffix and folder."""
    splits = [Split.TRAIN] * len(names)
    problems: list[str] = []
    places = _places(names)
    for path, split in ((valid, Split.VALID), (test, Split.TEST)):
        if path is None:
            continue
        unknown = []
        for line in read_lines(path):
            if not line:
                continue
            found = places.get(line.replace("\\", "/")) or places.get(stem(line.replace("\\", "/").rsplit("/", 1)[-1]))
            if found is None:
                unknown.append(line)
            for index in found or ():
                splits[index] = split
        if unknown:
            problems.append(f"{path}: {len(unknown):,} of its names have no image ({name_some(unknown)}).")
        if split not in splits:
            raise BadTable(path, "none of its names is an image here", "one image name a line is expected")
    return ChosenSplit(splits, SplitRule(kind="list", detail=valid.name), problems)


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    """Indices by full name, by name without suffix, by file name and by stem, the fuller ones first."""
    places: dict[str, list[int]] = {}
    for shorten in (_same, stem, _file_name, lambda name: stem(_file_name(name))):
        fresh: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            fresh.setdefault(shorten(name), []).append(index)
        places = {**fresh, **places}
    return places


def _same(name: str) -> str:
    return name


def _file_name(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def split_by_folder(names: Sequence[str]) -> ChosenSplit | None:
    """By the first folder of each name (train, valid, val, test); None where a name lies elsewhere or only one split
    would result."""
    splits = []
    for name in names:
        split = FOLDER_SPLITS.get(name.split("/", 1)[0].lower()) if "/" in name else None
        if split is None:
            return None
        splits.append(split)
    if len(set(splits)) < 2:
        return None
    return ChosenSplit(splits, SplitRule(kind="folder"))


def split_by_groups(groups: Sequence[str], *, valid: str) -> ChosenSplit:
    """Holds out whole groups: `13`, `13,14` or `13-15`; leading zeros of numbers do not matter.

    Raises BadInput where a group is not there or none is left to train on.
    """
    known = sorted(set(groups))
    held_out = set(_expand_groups(valid, known))
    if held_out.issuperset(known):
        raise BadInput(
            f"Holding out {valid} leaves nothing to train on; the groups are {name_some(known, at_most=30)}."
        )
    splits = [Split.VALID if group in held_out else Split.TRAIN for group in groups]
    return ChosenSplit(splits, SplitRule(kind="group", detail=",".join(sorted(held_out))))


def _expand_groups(valid: str, known: Sequence[str]) -> Iterable[str]:
    by_number = {int(group): group for group in known if group.isdecimal()}
    for part in (piece.strip() for piece in valid.split(",")):
        if not part:
            continue
        first, dash, last = (end.strip() for end in part.partition("-"))
        if part in known:
            yield part
        elif part.isdecimal() and int(part) in by_number:
            yield by_number[int(part)]
        elif dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last) <= max(by_number, default=-1):
            yield from (by_number[n] for n in range(int(first), int(last) + 1) if n in by_number)
        else:
            raise BadInput(
                f"There is no group or file {part} to hold out; the groups are {name_some(list(known), at_most=30)}."
            )


def split_at_random(names: Sequence[str], groups: Sequence[str], *, share: float, seed: int) -> ChosenSplit:
    """About `share` of the items, whole groups where they allow it, so that no sequence lies on both sides."""
    rule = SplitRule(kind="random", seed=seed, valid_share=share)
    if len(names) < 2:
        return ChosenSplit([Split.TRAIN] * len(names), rule)
    held_out = _random_groups(groups, share=share, seed=seed)
    if held_out:
        splits = [Split.VALID if group in held_out else Split.TRAIN for group in groups]
        return ChosenSplit(splits, SplitRule(kind="group", detail="at random", seed=seed, valid_share=share))
    count = min(max(1, round(share * len(names))), len(names) - 1)
    chosen = set(random.Random(seed).sample(range(len(names)), count))
    splits = [Split.VALID if index in chosen else Split.TRAIN for index in range(len(names))]
    problems = []
    if len(set(groups)) > 1 and any(groups):
        problems.append(
            f"No choice of whole sequences comes near a validation share of {share:.0%}; "
            "single images were drawn, so neighbouring frames lie on both sides."
        )
    return ChosenSplit(splits, rule, problems)


def _random_groups(groups: Sequence[str], *, share: float, seed: int) -> set[str]:
    """Groups drawn until their items come closest to the share; empty where half to twice the share is out of reach."""
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    target = share * len(groups)
    order = sorted(sizes)
    random.Random(seed).shuffle(order)
    held_out: set[str] = set()
    total = 0
    for group in order:
        if abs(total + sizes[group] - target) < abs(total - target):
            held_out.add(group)
            total += sizes[group]
    return held_out if target / 2 <= total <= target * 2 and total < len(groups) else set()
