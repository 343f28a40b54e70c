"""Freezing a run's data: which items it sees, and their labels as they are now, as copies or hard links."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from studio.core.arrays import Mask
from studio.core.atomic import why
from studio.core.errors import CannotWrite, NothingToTrainOn, ProjectDamaged
from studio.core.items import Item, Split
from studio.core.masks import write_mask
from studio.core.points import Points
from studio.core.recipe import FineTune
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import Tags

_LABELS: Final = "labels"

_COPIED_BYTES: Final = 64 * 2**20
"""How much of the labels is copied for a run. A copy is safe from programs that rewrite a file in place, which a hard
link is not, and costs as much as there is in it."""


@dataclass(frozen=True, kw_only=True)
class RunData:
    """Which items a run sees, by id. None: all of that split. `score` names further items that are predicted and scored
    after training, but neither trained on nor counted. Unlabelled and left-out items never enter."""

    train: Sequence[int] | None = None
    valid: Sequence[int] | None = None
    score: Sequence[int] = ()


@dataclass(frozen=True)
class Labels:
    """Where a snapshot takes its labels from. `up_to_date` tells the label file of an item if it shows the current
    mask; `mask` reads the current mask, journal applied; `points` and `tags` the current ones; `unlabelled` the paths
    of items without a label."""

    up_to_date: Callable[[int], Path | None]
    mask: Callable[[int], Mask | None]
    points: Callable[[int], Points | None]
    tags: Callable[[int], Tags | None]
    unlabelled: Callable[[], list[str]]


class Freezer:
    """Freezes items into one run's folder."""

    def __init__(self, settings: ProjectSettings, labels: Labels, folder: Path) -> None:
        self._settings = settings
        self._labels = labels
        self._folder = folder
        self._copied = 0

    def freeze(self, items: Iterable[Item], data: RunData, *, validated: bool, trained: bool = True) -> Snapshot:
        """The snapshot of a training from the start; `validated`: it cannot do without validation items, `trained`:
        nor without training items.

        Raises NothingToTrainOn, CannotWrite.
        """
        usable = {item.id: item for item in items}
        train = _chosen(usable, data.train, Split.TRAIN)
        valid = _chosen(usable, data.valid, Split.VALID)
        if trained:
            _require(train, Split.TRAIN)
        if validated:
            _require(valid, Split.VALID)
        seen = {item.id for item in (*train, *valid)}
        score = [usable[i] for i in dict.fromkeys(data.score) if i in usable and i not in seen]
        return self._snapshot(
            [self._frozen(item, Split.TRAIN) for item in train]
            + [self._frozen(item, Split.VALID) for item in valid]
            + [msgspec.structs.replace(self._frozen(item, item.split), score_only=True) for item in score]
        )

    def freeze_corrections(
        self, items: Iterable[Item], fine_tune: FineTune, parent: Snapshot, parent_folder: Path, seed: int
    ) -> Snapshot:
        """The snapshot of a fine-tuning on corrections. What the parent scored of production and is not corrected is
        scored again.

        Trained on: each corrected item with the recipe's weight, and a seeded share of the parent's other training
        items, all with today's labels. Validated on: the parent's validation items with the labels that the parent saw,
        corrected ones with the new label and marked; those that the parent had marked stay so, as its weights have
        learnt them. Items left out since then are in neither.
        """
        usable = {item.id: item for item in items}
        corrected = [usable[i] for i in dict.fromkeys(fine_tune.corrections) if i in usable]
        ids = {item.id for item in corrected}
        old = [i.id for i in parent.of(Split.TRAIN) if i.id in usable and i.id not in ids]
        keep = set(random.Random(seed).sample(sorted(old), round(fine_tune.replay * len(old))))
        frozen = [
            msgspec.structs.replace(self._frozen(item, Split.TRAIN), weight=fine_tune.weight, corrected=True)
            for item in corrected
        ]
        frozen += [self._frozen(usable[i], Split.TRAIN) for i in old if i in keep]
        _require(frozen, Split.TRAIN)
        valid = [i for i in parent.of(Split.VALID) if i.id in usable]
        _require(valid, Split.VALID)
        for item in valid:
            if item.id in ids:
                frozen.append(msgspec.structs.replace(self._frozen(usable[item.id], Split.VALID), corrected=True))
            else:
                frozen.append(self._as_before(item, parent_folder))
        seen = [i.id for i in parent.items if i.split is Split.PRODUCTION and i.id in usable and i.id not in ids]
        frozen += [msgspec.structs.replace(self._frozen(usable[i], Split.PRODUCTION), score_only=True) for i in seen]
        return self._snapshot(frozen)

    def freeze_production(
        self, items: Iterable[Item], seen: Iterable[Item], parent: Snapshot | None, parent_folder: Path | None
    ) -> Snapshot:
        """The snapshot of a run that scores what was `seen` in production, labelled or not, and the validation items.

        Those are the ones of the run whose model it is, with the labels that run saw, or where the model comes from
        elsewhere the project's; so are the training items, which are named only, for a fine-tuning to replay.
        """
        usable = {item.id: item for item in items}
        frozen = [
            msgspec.structs.replace(_bare(item, Split.PRODUCTION), score_only=True)
            if item.id not in usable
            else msgspec.structs.replace(self._frozen(item, Split.PRODUCTION), score_only=True)
            for item in seen
        ]
        scored = {item.id for item in frozen}
        if parent is None or parent_folder is None:
            train = _chosen(usable, None, Split.TRAIN)
            valid = [self._frozen(item, Split.VALID) for item in _chosen(usable, None, Split.VALID)]
        else:
            train = [usable[i.id] for i in parent.of(Split.TRAIN) if i.id in usable]
            valid = [self._as_before(i, parent_folder) for i in parent.of(Split.VALID) if i.id in usable]
        named = [_bare(item, Split.TRAIN) for item in train if item.id not in scored]
        return self._snapshot([*frozen, *(item for item in valid if item.id not in scored), *named])

    def freeze_unseen(self, items: Iterable[Item], parent: Snapshot) -> Snapshot:
        """The snapshot of asking `parent`'s run about labels that neither it nor a run before it trained on: its
        validation items but the corrected ones, with today's labels. Raises NothingToTrainOn, CannotWrite."""
        learnt = {item.id for item in parent.of(Split.TRAIN)}
        unseen = [item.id for item in parent.of(Split.VALID) if item.id not in learnt and not item.corrected]
        return self.freeze(items, RunData(train=(), valid=unseen), validated=True, trained=False)

    def _snapshot(self, items: Sequence[SnapshotItem]) -> Snapshot:
        s = self._settings
        further = tuple(self._labels.unlabelled()) if s.task is Task.TEXT else ()
        return Snapshot(
            task=s.task,
            classes=s.classes,
            retired=s.retired,
            keypoints=s.keypoints,
            items=tuple(items),
            further=further,
        )

    def _frozen(self, item: Item, split: Split) -> SnapshotItem:
        """`item` with its label as it is now."""
        frozen = SnapshotItem(id=item.id, name=item.name, image=str(item.path), split=split, revision=item.revision)
        if self._settings.task in TAG_TASKS:
            return msgspec.structs.replace(frozen, tags=self._labels.tags(item.id))
        if self._settings.task is Task.KEYPOINTS:
            return msgspec.structs.replace(frozen, points=self._labels.points(item.id))
        mask = f"{_LABELS}/{item.id}.png"
        target = self._folder / mask
        if not target.exists():
            source = self._labels.up_to_date(item.id)
            if source is None or not self._take_over(source, target):
                self._write(item.id, target)
        return msgspec.structs.replace(frozen, mask=mask)

    def _take_over(self, source: Path, target: Path) -> bool:
        """Freeze a label file that people and programs may change. False when it is gone. Raises CannotWrite."""
        try:
            size = source.stat().st_size
        except FileNotFoundError:
            return False
        if self._copied + size > _COPIED_BYTES:
            return _linked(source, target)
        self._copied += size
        return _copied(source, target)

    def _write(self, item_id: int, target: Path) -> None:
        """Without a label file that is up to date (a folder that cannot be written): from the journal."""
        mask = self._labels.mask(item_id)
        assert mask is not None
        write_mask(target, mask, self._settings.known_classes)

    def _as_before(self, item: SnapshotItem, parent_folder: Path) -> SnapshotItem:
        """`item` with the label that the parent run saw."""
        if item.mask is None:
            return msgspec.structs.replace(item, weight=1.0)
        mask = f"{_LABELS}/{item.id}-before.png"
        if not _linked(parent_folder / item.mask, self._folder / mask):
            raise ProjectDamaged(parent_folder / item.mask, "the file is missing")
        return msgspec.structs.replace(item, mask=mask, weight=1.0)


def _linked(source: Path, target: Path) -> bool:
    """Freeze a file: a hard link, which later replacements of `source` leave alone, or a copy where links are not to be
    had. False when `source` is gone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        return False
    except OSError:
        return _copied(source, target)
    return True


def _copied(source: Path, target: Path) -> bool:
    """False when `source` is gone. Raises CannotWrite."""
    try:
        with source.open("rb") as file:
            data = file.read()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CannotWrite(target, why(error)) from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise CannotWrite(target, why(error)) from error
    return True


def _bare(item: Item, split: Split) -> SnapshotItem:
    """`item` without a label."""
    return SnapshotItem(id=item.id, name=item.name, image=str(item.path), split=split, revision=item.revision)


def _chosen(usable: dict[int, Item], ids: Sequence[int] | None, split: Split) -> list[Item]:
    if ids is None:
        return [item for item in usable.values() if item.split is split]
    return [usable[i] for i in dict.fromkeys(ids) if i in usable]


def _require(items: Sequence[object], split: Split) -> None:
    if not items:
        raise NothingToTrainOn(split.value)
