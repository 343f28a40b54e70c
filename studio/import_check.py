"""What an import would bring, without bringing it: everything is read, nothing is written."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np

from studio.core.classes import UNLABELLED
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.masks import count_values
from studio.core.points import Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import Shaped
from studio.core.tags import Tags
from studio.formats import Annotation, ImportPlan
from studio.formats.picture_look import looked_at, unreadable
from studio.import_fit import fit
from studio.ingest import SETTINGS_FILE, Progress, item_name, known_before, never, tell_others
from studio.store import Store

_UNITS = {Task.SEGMENTATION: "pixels", Task.KEYPOINTS: "points"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassCount:
    """How much of the labels is of one class or keypoint (in the preview's unit), and in how many items."""

    name: str
    amount: int
    items: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImportPreview:
    """What would come. `items` are new ones, by split in `by_split`; `known` ones are in the project already and
    `labels_kept` of those have a label, which would stay. `labelled` counts labels that would come, `shapes` their
    annotations. `unit` is what `classes` count. `problems` has a sentence for each thing that would be left out."""

    found: str
    items: int
    by_split: Mapping[Split, int]
    known: int
    labels_kept: int
    labelled: int
    shapes: int
    unit: str
    classes: tuple[ClassCount, ...]
    problems: tuple[str, ...]
    cancelled: bool = False

    @property
    def sentence(self) -> str:
        """What would come, in a sentence or two."""
        splits = ", ".join(f"{self.by_split[split]:,} {split}" for split in Split if self.by_split.get(split))
        text = f"{counted(self.items, 'new item')} would come" + (f" ({splits})" if splits else "")
        text += f", {counted(self.labelled, 'label')}" + (
            f", made from {counted(self.shapes, 'annotation')}." if self.shapes else "."
        )
        if self.known:
            kept = f", of which {self.labels_kept:,} keep the label that they have" if self.labels_kept else ""
            text += f" {counted(self.known, 'item is', 'items are')} in the project already{kept}."
        if self.cancelled:
            text += " Stopped before everything was read."
        return text


def check_import(
    root: Path,
    plan: ImportPlan,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportPreview:
    """What `ingest.import_into` would do. Raises BadInput where it would, too."""
    if not plan.items:
        raise BadInput(f"There is nothing to import: {plan.found}")
    wanted = [msgspec.structs.replace(item, name=item_name(item.name)) for item in plan.items]
    others, labelled, known = _already_there(root.absolute(), plan, wanted)
    counting = _Counting(plan.settings)
    problems = list(tell_others(others))
    due = [index for index in range(len(wanted)) if index not in others and index not in labelled]
    unread = set(looked_at(plan))
    stopped = False
    for done, index in enumerate(due, start=1):
        stopped = (cancelled or never)()
        if stopped:
            break
        if index in plan.labels:
            counting.add(plan.read(index))
        if index in unread and (problem := unreadable(plan.items[index].path)):
            problems.append(problem)
        if progress:
            progress(done, len(due))
    splits = Counter(item.split for index, item in enumerate(wanted) if index not in known)
    return ImportPreview(
        found=plan.found,
        items=len(wanted) - len(known),
        by_split={split: splits.get(split, 0) for split in Split},
        known=len(known) - len(others),
        labels_kept=len(labelled - others),
        labelled=counting.labels,
        shapes=counting.shapes,
        unit=_UNITS.get(plan.settings.task, "items"),
        classes=counting.classes,
        problems=(*plan.problems, *problems),
        cancelled=stopped,
    )


def _already_there(root: Path, plan: ImportPlan, wanted: list[NewItem]) -> tuple[set[int], set[int], set[int]]:
    """Indices of items whose name stands for another picture in the project, of those labelled there, and of all that
    are there. Raises BadInput where the import does not fit the project."""
    if not (root / SETTINGS_FILE).is_file():
        return set(), set(), set()
    with Store.open(root) as store:
        fit(root, store.settings, plan)
        here = {item.name: item for item in store.items(store.item_ids())}
    places = [index for index, item in enumerate(wanted) if item.name in here]
    items = [here[wanted[index].name] for index in places]
    # What lies within an annotation file is put into the project itself, wherever that is.
    own = [i in plan.pictures or item.path.is_relative_to(root) for i, item in zip(places, items, strict=True)]
    there = [
        msgspec.structs.replace(wanted[index], path=item.path) if inside else wanted[index]
        for index, item, inside in zip(places, items, own, strict=True)
    ]
    others, labelled = known_before(there, items)
    return {places[i] for i in others}, {places[i] for i in labelled}, set(places)


class _Counting:
    """How much of each class the labels have."""

    def __init__(self, settings: ProjectSettings) -> None:
        self._names = (
            dict(enumerate(keypoint.name for keypoint in settings.keypoints))
            if settings.task is Task.KEYPOINTS
            else {**{c.id: c.name for c in settings.classes}, UNLABELLED: "unlabelled"}
        )
        self._amounts: Counter[int] = Counter()
        self._items: Counter[int] = Counter()
        self.labels = 0
        self.shapes = 0

    def add(self, annotation: Annotation | None) -> None:
        if annotation is None:
            return
        self.labels += 1
        label = annotation
        if isinstance(annotation, Shaped):
            self.shapes += len(annotation.carried.shapes)
            label = annotation.label
        if isinstance(label, np.ndarray):
            counts = Counter(count_values(label))
        elif isinstance(label, Points):
            counts = Counter(p.index for p in label.placed if p.visibility is not Visibility.ABSENT)
        elif isinstance(label, Tags):
            counts = Counter(label.ids)
        else:
            return
        self._amounts.update(counts)
        self._items.update(counts.keys())

    @property
    def classes(self) -> tuple[ClassCount, ...]:
        """Every class that the project would have, also one without a label; unlabelled pixels where there are some."""
        return tuple(
            ClassCount(name=name, amount=self._amounts[number], items=self._items[number])
            for number, name in self._names.items()
            if number != UNLABELLED or self._amounts[number]
        )
