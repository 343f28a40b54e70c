"""What an importer finds, asks and hands over: data only, nothing of the project is touched here."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from studio.core.errors import BadInput, BadTable, StudioError
from studio.core.items import NewItem
from studio.core.points import Points
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import Shaped
from studio.core.tags import Tags

Annotation = np.ndarray | Points | Tags | Shaped
"""A mask, (H, W) uint8 with class ids and `UNLABELLED`, keypoints in pixels of the original, or classes of the whole
item; with the shapes that it was made from, where the source has some."""

LabelReader = Callable[[list[str]], Annotation]
"""Reads one label when it is needed. What is worth a sentence goes into the list; a label that cannot be used raises
StudioError."""


PictureBytes = Callable[[], bytes]
"""The bytes of a picture file. Raises StudioError."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """Something that a source does not say. `id` names the option of `Importer.plan` that the answer goes to.

    No `choices`: the answer is free text. `many`: several choices, joined by commas. `only_if` (question id, answer…)
    asks the question only after that answer, or one of several. Of questions with one id one is asked at a time.
    """

    id: str
    text: str
    default: str
    choices: tuple[str, ...] = ()
    many: bool = False
    only_if: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recognised:
    """A source that an importer can read. `source` may lie below the folder that was handed in; `found` is a sentence;
    the importer with the highest `confidence` (0–100) wins. `damage` is what is wrong with a file of annotations among
    the pictures, which would come in without it."""

    format: str
    title: str
    source: Path
    found: str
    confidence: int
    questions: tuple[Question, ...] = ()
    damage: BadTable | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """The answers to an importer's questions; None where nothing was said.

    `valid` is a share (0.2 or 20%), a file that lists names, or groups such as `13,14` or `13-15`. `form` says which of
    several labels, such as codes or color. `classes` and `keypoints` are names. `uncovered` says
    what pixels are that no shape covers, background or unlabelled; `stroke` is the width in pixels of lines and points.
    """

    valid: str | None = None
    seed: int = 42
    form: str | None = None
    task: Task = Task.SEGMENTATION
    classes: tuple[str, ...] = ()
    keypoints: tuple[str, ...] = ()
    uncovered: str = "background"
    stroke: float = 0.0


_WIDEST_STROKE: Final = 1_000


def read_options(
    answers: Mapping[str, str],
    *,
    accepted: tuple[str, ...],
    format_name: str,
    forms: tuple[str, ...] = ("codes", "color"),
) -> ImportOptions:
    """Options from text, as questions and the command line give them; empty answers count as not given.

    Raises BadInput for an option that the format does not have or a value that it cannot take.
    """
    given = {name: text.strip() for name, text in answers.items() if text.strip()}
    for name in given:
        if name not in accepted:
            raise BadInput(f"The format {format_name} takes no option {name}; it takes {', '.join(accepted)}.")
    options = ImportOptions(valid=given.get("valid"), form=given.get("form"))
    if "seed" in given:
        if not given["seed"].lstrip("-").isdecimal():
            raise BadInput(f"The seed {given['seed']!r} is not a whole number.")
        options = dataclasses.replace(options, seed=int(given["seed"]))
    if options.form not in (None, *forms):
        raise BadInput(f"The form {options.form!r} is not one of {', '.join(forms)}.")
    if "task" in given:
        if given["task"] not in list(Task):
            raise BadInput(f"The task {given['task']!r} is not one of {', '.join(Task)}.")
        options = dataclasses.replace(options, task=Task(given["task"]))
    if "uncovered" in given:
        if given["uncovered"] not in ("background", "unlabelled"):
            raise BadInput(f"Uncovered pixels can be background or unlabelled, not {given['uncovered']!r}.")
        options = dataclasses.replace(options, uncovered=given["uncovered"])
    if "stroke" in given:
        options = dataclasses.replace(options, stroke=_read_stroke(given["stroke"]))
    return dataclasses.replace(
        options,
        classes=_read_names(given.get("classes", ""), what="classes"),
        keypoints=_read_names(given.get("keypoints", ""), what="keypoints"),
    )


def _read_stroke(text: str) -> float:
    try:
        stroke = float(text)
    except ValueError:
        stroke = math.nan
    if not 0 <= stroke <= _WIDEST_STROKE:
        raise BadInput(f"The width of lines {text!r} is not a number of pixels from 0 to {_WIDEST_STROKE:,}.")
    return stroke


def _read_names(text: str, *, what: str) -> tuple[str, ...]:
    """Names separated by commas, without blanks around them. Raises BadInput for a name that is there twice: where the
    place of a name says its number, leaving one out would number all that follow anew."""
    names = tuple(name for part in text.split(",") if (name := part.strip()))
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise BadInput(f"The {what} have {' and '.join(twice)} more than once; name each of them once.")
    return names


@dataclasses.dataclass(kw_only=True)
class ImportPlan:
    """What an import will bring. `labels` has a reader for each labelled item, by its index in `items`; nothing of a
    label is read before its reader is called. `pictures` has the bytes of each picture that lies within an annotation
    file and not on the disk: it is written into the project's own folder `images`. `problems` grows while labels are
    read: a sentence for each bad file. `found` is a sentence about the whole. `notes` are what the format `source` says
    about the whole data set, kept for an export in the same format. `texts` has each document that lies within a table:
    it is written into the project's own folder `texts`.
    """

    settings: ProjectSettings
    items: list[NewItem]
    labels: dict[int, LabelReader]
    found: str
    pictures: dict[int, PictureBytes] = dataclasses.field(default_factory=dict)
    texts: dict[int, str] = dataclasses.field(default_factory=dict)
    problems: list[str] = dataclasses.field(default_factory=list)
    source: str = ""
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def read(self, index: int) -> Annotation | None:
        """The label of one item; None, and a sentence in `problems`, where it has none that can be used."""
        try:
            return self.labels[index](self.problems)
        except StudioError as error:
            self.problems.append(error.sentence)
            return None

    @property
    def annotations(self) -> Iterator[tuple[int, Annotation]]:
        """Index in `items` and label of every item whose label can be used, read one after the other."""
        for index in self.labels:
            label = self.read(index)
            if label is not None:
                yield index, label


class Importer(Protocol):
    """One layout. `options` are those of `ImportOptions` that mean something here."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def options(self) -> tuple[str, ...]: ...

    def recognise(self, source: Path) -> Recognised | None:
        """Fast: looks at names and at a file or two. None where the layout is another one."""
        ...

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        """Raises BadInput where nothing at all can be imported; a single bad file is a sentence in the plan."""
        ...
