"""From shapes to labels: the classes of a set of label names, and masks that are painted when they are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.classes import MAX_CLASSES, UNLABELLED, LabelClass, is_void_name, make_classes
from studio.core.errors import BadInput
from studio.core.settings import Task
from studio.core.shape_painting import painted
from studio.core.shapes import STROKES, Carried, Shape, Shaped
from studio.formats.label_masks import picture_size
from studio.formats.listing import name_some
from studio.formats.plan import Question

BACKGROUND: Final = "background"
UNCOVERED: Final = (BACKGROUND, "unlabelled")

UNCOVERED_QUESTION: Final = Question(
    id="uncovered", text="Pixels without an annotation are", default=BACKGROUND, choices=UNCOVERED
)
TASKS: Final = (Task.SEGMENTATION.value, Task.KEYPOINTS.value)
TASK_QUESTION: Final = Question(id="task", text="What to bring in", choices=TASKS, default=Task.SEGMENTATION.value)
STROKE_QUESTION: Final = Question(
    id="stroke", text="Paint lines and points this wide, in pixels (0: not at all)", default="0"
)


def check_task(task: Task, format_name: str) -> None:
    """Raises BadInput where shapes make no label of this task."""
    if task.value not in TASKS:
        raise BadInput(f"The format {format_name} can be imported for {' or '.join(TASKS)}, not for {task}.")


@dataclasses.dataclass(frozen=True)
class ShapeClasses:
    """Classes of a project by the label names of a source; `fill` is the mask value of pixels that no shape covers."""

    classes: tuple[LabelClass, ...]
    fill: int

    @classmethod
    def of(cls, names: Iterable[str], *, uncovered: str, colors: Sequence[str] | None = None) -> ShapeClasses:
        """Classes for `names` (unique, in order; `colors` fits them). With `uncovered` as background the first class is
        the one that is called so among them (`background`, `_background_`), or one more. Raises BadInput where there
        are more than a mask can hold."""
        named = list(zip(names, colors, strict=True)) if colors else [(name, "") for name in names]
        if uncovered == BACKGROUND:
            ground = next((entry for entry in named if is_background(entry[0])), (BACKGROUND, "#000000"))
            named = [ground, *(entry for entry in named if entry is not ground)]
        if len(named) > MAX_CLASSES:
            some = name_some([name for name, _ in named[MAX_CLASSES:]])
            raise BadInput(f"There are {len(named):,} label names and a mask holds {MAX_CLASSES}; leave out {some}.")
        classes = [
            msgspec.structs.replace(made, color=color or made.color, void=is_void_name(made.name.strip("_")))
            for made, (_, color) in zip(make_classes([name for name, _ in named]), named, strict=True)
        ]
        return cls(tuple(classes), 0 if uncovered == BACKGROUND else UNLABELLED)

    @property
    def ids(self) -> dict[str, int]:
        return {c.name: c.id for c in self.classes}


def is_background(name: str) -> bool:
    return name.strip("_ ").lower() == BACKGROUND


@dataclasses.dataclass(frozen=True)
class ShapesReader:
    """Reads the shapes of one picture when they are needed, and paints them.

    `shapes` gets the picture's (width, height) and the list for sentences. It raises StudioError where nothing can be
    used. A picture whose `size` (width, height) is already known, because it does not lie on the disk, is not opened.
    """

    image: Path
    shapes: Callable[[tuple[int, int], list[str]], Carried]
    size: tuple[int, int] | None = None

    def __call__(self, problems: list[str]) -> Shaped:
        """Raises UnreadableImage, BadInput."""
        size = self.size or picture_size(self.image)
        try:
            return painted(self.shapes(size, problems))
        except ValueError as error:
            raise BadInput(
                f"{self.image}: its annotations cannot be painted ({error}); it stays unlabelled."
            ) from error


def check_size(annotations: Path, image: str, said: tuple[int | None, int | None], size: tuple[int, int]) -> None:
    """Raises BadInput where an annotation file was made for a picture of another size, (width, height), than `size`;
    a width or height of None or 0 says nothing."""
    if any(theirs and theirs != ours for theirs, ours in zip(said, size, strict=True)):
        raise BadInput(
            f"{annotations}: {image} is annotated as {said[0]}×{said[1]} pixels and the picture has {size[0]}×{size[1]}"
            "; it stays unlabelled."
        )


def unpainted(shapes: Iterable[Shape]) -> int:
    """How many lines and points are carried without being painted."""
    return sum(1 for shape in shapes if shape.kind in STROKES and not shape.stroke)
