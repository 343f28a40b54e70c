"""What `studio.toml` says: the task, the classes or keypoints, the split rule and where the images lie."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from studio.core.classes import LabelClass
from studio.core.keypoint_pairs import mirror_order
from studio.core.point_templates import PointsTemplate
from studio.core.points import KeypointName

PROJECT_FORMAT: Final = 1


class Task(enum.StrEnum):
    SEGMENTATION = "segmentation"
    KEYPOINTS = "keypoints"
    SINGLE_LABEL = "single-label"
    MULTI_LABEL = "multi-label"
    TEXT = "text"
    """One class a document."""


TAG_TASKS: Final = frozenset({Task.SINGLE_LABEL, Task.MULTI_LABEL, Task.TEXT})
"""Tasks whose labels are classes of the item as a whole."""

TASK_NAMES: Final = {
    Task.SEGMENTATION: "segmentation",
    Task.KEYPOINTS: "keypoints",
    Task.SINGLE_LABEL: "single labels",
    Task.MULTI_LABEL: "tags",
    Task.TEXT: "texts",
}
"""What is labelled, for sentences."""

PLACED_TASKS: Final = (Task.SEGMENTATION, Task.KEYPOINTS)
"""Tasks whose labels lie somewhere in the picture."""


class SplitRule(msgspec.Struct, frozen=True, kw_only=True):
    """How the split was made, for the record: by `list`, `folder`, `group` or `random` (with its seed and share)."""

    kind: str = "random"
    detail: str = ""
    seed: int = 0
    valid_share: float = 0.2


class ProjectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`retired` are classes that were removed: their ids are never given away again, because the history of labels may
    still hold them. `links` joins keypoints (pairs of indices) to a skeleton. `image_roots`: absolute or relative to
    the project.

    `several_instances`: pictures show several of what the keypoints belong to, so that a click after the last point of
    one begins the next. Raises ValueError where mirror partners contradict each other.
    """

    format: int = PROJECT_FORMAT
    name: str
    task: Task
    classes: tuple[LabelClass, ...] = ()
    retired: tuple[LabelClass, ...] = ()
    keypoints: tuple[KeypointName, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    several_instances: bool = False
    templates: tuple[PointsTemplate, ...] = ()
    split_rule: SplitRule = SplitRule()
    image_roots: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        mirror_order(self.keypoints)

    @property
    def known_classes(self) -> tuple[LabelClass, ...]:
        """Every class that a label of this project may hold, now or in its history."""
        return (*self.classes, *self.retired)

    def without_class(self, class_id: int) -> ProjectSettings:
        """With a class retired; nothing that is labelled is touched."""
        stay = tuple(c for c in self.classes if c.id != class_id)
        gone = tuple(c for c in self.classes if c.id == class_id)
        return msgspec.structs.replace(self, classes=stay, retired=(*self.retired, *gone))

    def with_class_again(self, class_id: int) -> ProjectSettings:
        """With a retired class among the others again, before the first that is younger; with its key where no other
        class has got it."""
        back = next((c for c in self.retired if c.id == class_id), None)
        if back is None:
            return self
        if any(c.key == back.key for c in self.classes):
            back = msgspec.structs.replace(back, key="")
        place = next((n for n, c in enumerate(self.classes) if c.id > class_id), len(self.classes))
        classes = (*self.classes[:place], back, *self.classes[place:])
        stay = tuple(c for c in self.retired if c.id != class_id)
        return msgspec.structs.replace(self, classes=classes, retired=stay)
