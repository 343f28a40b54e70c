"""Labels that a run could not use: ids without a class, masks of another size, keypoints that one side never shows."""

from __future__ import annotations

from collections import Counter, defaultdict

from studio.core.classes import UNLABELLED
from studio.core.errors import StudioError
from studio.core.images import image_size
from studio.core.items import Item, Split
from studio.core.masks import check_mask, read_mask, values_in
from studio.core.points import Visibility
from studio.core.settings import Task
from studio.preflight.findings import Finding, Fix, FixKind
from studio.preflight.wording import items_in_words
from studio.store import Store


class LabelLook:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._task = store.settings.task
        self._known = {c.id for c in store.settings.known_classes}
        self._strange: dict[int, list[int]] = defaultdict(list)
        self._broken: list[tuple[int, str]] = []
        self._points: dict[Split, Counter[int]] = {Split.TRAIN: Counter(), Split.VALID: Counter()}
        self._items: Counter[Split] = Counter()

    def at(self, item: Item) -> None:
        self._items[item.split] += 1
        if self._task is Task.SEGMENTATION:
            self._look_at_mask(item)
        elif self._task is Task.KEYPOINTS:
            points = self._store.read_points(item.id)
            placed = () if points is None else points.placed
            self._points[item.split].update(p.index for p in placed if p.visibility is not Visibility.ABSENT)

    def findings(self) -> list[Finding]:
        return [
            *self._unusable(),
            *(self._no_class(number, items) for number, items in sorted(self._strange.items())),
            *self._one_sided_points(),
        ]

    def _look_at_mask(self, item: Item) -> None:
        path = self._store.label_path(item.id)
        if not path.is_file():
            return  # what is labelled and not written yet was painted here, with this project's classes
        try:
            mask, _ = read_mask(path)
            strange = [value for value in values_in(mask) if value != UNLABELLED and value not in self._known]
            if not strange:
                check_mask(path, mask, image_size(item.path), self._store.settings.known_classes)
        except StudioError as error:
            self._broken.append((item.id, error.sentence))
            return
        for value in strange:
            self._strange[value].append(item.id)

    def _unusable(self) -> list[Finding]:
        if not self._broken:
            return []
        items, first = tuple(item for item, _ in self._broken), self._broken[0][1]
        several = f"A run would refuse {items_in_words(len(items))} for their masks; the first: {first}"
        return [Finding(sentence=first if len(items) == 1 else several, items=items)]

    def _no_class(self, number: int, items: list[int]) -> Finding:
        has = "has" if len(items) == 1 else "have"
        return Finding(
            sentence=f"The masks of {items_in_words(len(items))} {has} pixels of number {number}, which no class has; "
            "a run would refuse them.",
            items=tuple(items),
            fixes=(Fix(kind=FixKind.ADD_CLASS, words=f"Add a class for {number}", classes=(number,)),),
        )

    def _one_sided_points(self) -> list[Finding]:
        if self._task is not Task.KEYPOINTS:
            return []
        findings = []
        for index, keypoint in enumerate(self._store.settings.keypoints):
            train, valid = self._points[Split.TRAIN][index], self._points[Split.VALID][index]
            if self._items[Split.TRAIN] and not train:
                findings.append(Finding(sentence=f"{keypoint.name} is placed in no training item and is not learnt."))
            elif self._items[Split.VALID] and not valid:
                findings.append(
                    Finding(sentence=f"{keypoint.name} is placed in no validation item, so no metric counts it.")
                )
        return findings
