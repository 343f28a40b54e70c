"""Items of a project and where they stand."""

from __future__ import annotations

import enum
from pathlib import Path

import msgspec


class Split(enum.StrEnum):
    """Production: what a model got wrong out there. Only a fine-tuning that names such an item learns it."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"
    PRODUCTION = "production"


class LabelState(enum.StrEnum):
    """Left out: kept and shown, but in no run's data."""

    UNLABELLED = "unlabelled"
    LABELLED = "labelled"
    LEFT_OUT = "left out"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One image. `name` is unique within the project and written with `/`; `path` is where the picture lies.

    `group` is the sequence or subject that a split must not tear apart. `revision` grows with every change of the
    annotation; 0 means that nobody has said anything.
    """

    id: int
    name: str
    path: Path
    split: Split
    state: LabelState
    group: str = ""
    revision: int = 0


class NewItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item on its way into a project: `path` is absolute, `name` unique and relative, with `/`."""

    name: str
    path: Path
    split: Split = Split.TRAIN
    group: str = ""
