"""Whether an import fits the project that is there, and which ids its classes have there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from studio.core.arrays import Mask
from studio.core.errors import BadInput
from studio.core.settings import TASK_NAMES, ProjectSettings, Task
from studio.core.shapes import Shaped
from studio.core.tags import Tags
from studio.formats import Annotation, ImportPlan


@dataclasses.dataclass(frozen=True)
class Fit:
    """`ids`: by id of the import, that of the project's class of the same name; ids that stay are left out."""

    ids: Mapping[int, int] = dataclasses.field(default_factory=dict[int, int])

    def of(self, annotation: Annotation) -> Annotation:
        """The annotation as the project would say it."""
        if not self.ids:
            return annotation
        if isinstance(annotation, Shaped):
            if not isinstance(annotation.label, np.ndarray):
                return annotation
            fill = self.ids.get(annotation.carried.fill, annotation.carried.fill)
            carried = msgspec.structs.replace(annotation.carried, fill=fill)
            return Shaped(self._mask(annotation.label), carried)
        if isinstance(annotation, Tags):
            return Tags.of(self.ids.get(each, each) for each in annotation.ids)
        return self._mask(annotation) if isinstance(annotation, np.ndarray) else annotation

    def _mask(self, mask: Mask) -> Mask:
        table = np.arange(256, dtype=np.uint8)
        table[list(self.ids)] = list(self.ids.values())
        return table[mask]


def fit(root: Path, here: ProjectSettings, plan: ImportPlan) -> Fit:
    """How what `plan` brings is to be understood in the project at `root`. Pictures without labels fit any project of
    their task. Raises BadInput where the labels would mean something that the project does not have."""
    new = plan.settings
    pictures_alike = Task.TEXT not in (here.task, new.task)
    if not plan.labels and pictures_alike:
        return Fit()
    if here.task is not new.task:
        mine, theirs = TASK_NAMES[here.task], TASK_NAMES[new.task]
        raise BadInput(f"{root} is a project for {mine} and the import is for {theirs}; choose a new folder.")
    if not plan.labels:
        return Fit()
    if here.task is Task.KEYPOINTS:
        if [k.name for k in here.keypoints] != [k.name for k in new.keypoints]:
            raise BadInput(
                f"{root} has other keypoints than the import; choose a new folder, or import with the same keypoints."
            )
        return Fit()
    known = {c.name.casefold(): c.id for c in here.classes}
    missing = [c.name for c in new.classes if c.name.casefold() not in known]
    if missing:
        some = ", ".join(missing[:5]) + ("…" if len(missing) > 5 else "")
        raise BadInput(
            f"{root} has other classes than the import: {some} {'is' if len(missing) == 1 else 'are'} not among them; "
            "add what is missing on its Label page, or choose a new folder."
        )
    return Fit({c.id: known[c.name.casefold()] for c in new.classes if known[c.name.casefold()] != c.id})
