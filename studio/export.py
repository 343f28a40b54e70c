"""Handing a project's labels out in a layout that other programs read."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from studio.core.atomic import whole_folder
from studio.core.classes import UNLABELLED
from studio.core.counting import counted
from studio.core.errors import BadInput, CannotWrite, ExportStopped, StudioError
from studio.core.items import Item, LabelState
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.tags import Tags
from studio.formats import ExportedItem, ExportReport, exporter
from studio.formats.exports import empty_folder
from studio.store import ItemFilter, Store


def export_project(
    store: Store,
    out: Path,
    *,
    format_name: str,
    images: bool = True,
    progress: Callable[[int, int], object] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportReport:
    """Write every item that is not left out to the new folder `out`, its label as it is now.

    `images` copies the pictures as well. A label that cannot be read is a sentence in the report. `cancelled`
    is asked before each item; an export that does not come to its end leaves nothing behind, and one that is killed
    leaves no `out` but a hidden folder beside it. Raises BadInput where the format is not for this task or `out` holds
    something, CannotWrite, ExportStopped.
    """
    chosen = exporter(format_name)
    if store.settings.task not in chosen.tasks:
        raise BadInput(
            f"The format {format_name} is for {', '.join(chosen.tasks)} and {store.root} is for {store.settings.task}."
        )
    store.flush()
    ids = store.item_ids(ItemFilter(states=(LabelState.LABELLED, LabelState.UNLABELLED)))

    def unless_cancelled(items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if cancelled():
                raise ExportStopped(out)
            yield item

    labels = _HandedOut(store)
    with _place(out) as place:
        report = chosen.export(
            store.settings,
            labels.of(unless_cancelled(store.items(ids))),
            place,
            images=images,
            notes=store.source_notes(),
            progress=lambda done: progress(done, len(ids)) if progress else None,
        )
    said = (report.sentence, *report.problems, *labels.problems())
    told = [sentence.replace(str(place), str(out)) for sentence in said]
    return ExportReport(items=report.items, labelled=report.labelled, problems=tuple(told[1:]), sentence=told[0])


class _HandedOut:
    """Labels as they go to another program, and what was found in them on the way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unreadable: list[str] = []
        """Sentences."""
        self._strange: list[str] = []
        """Items whose label has a class that was removed."""

    def of(self, items: Iterable[Item]) -> Iterator[ExportedItem]:
        for item in items:
            try:
                exported = _exported(self._store, item)
                known = _without_retired(exported, self._store.settings)
                self._strange.extend([item.name] if known is not exported else [])
                yield known
            except StudioError as error:
                self._unreadable.append(error.sentence)
                yield ExportedItem(item, None, self._store.carried(item.id))

    def problems(self) -> list[str]:
        """A sentence for each label that cannot be read, and one about removed classes."""
        if not self._strange:
            return self._unreadable
        have = counted(len(self._strange), "item has", "items have")
        such = f"such as {self._strange[0]}"
        return [*self._unreadable, f"{have} a class that was removed from the project, {such}; it was left out there."]


@contextmanager
def _place(out: Path) -> Iterator[Path]:
    """Where to write what is to be in `out`: a folder that takes its place in the end, or `out` itself where it is
    there and cannot be replaced. Raises BadInput where it holds something, CannotWrite."""
    if out.exists():
        empty_folder(out)
    if out.is_symlink() or out.is_mount() or (out.exists() and not os.access(out.parent, os.W_OK)):
        with _whole_or_nothing(out):
            yield out
        return
    with whole_folder(out, durable=False) as place:
        try:
            yield place
        except CannotWrite as error:
            if not error.path.is_relative_to(place):
                raise
            raise CannotWrite(out / error.path.relative_to(place), error.reason) from error


@contextmanager
def _whole_or_nothing(out: Path) -> Iterator[None]:
    """Whatever ends an export early, nothing of it stays; an empty folder that was there before does."""
    try:
        yield
    except BaseException:
        for path in out.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


def _without_retired(exported: ExportedItem, settings: ProjectSettings) -> ExportedItem:
    """As if nobody had said anything wherever the label has a class that was removed from the project."""
    retired = [c.id for c in settings.retired]
    if isinstance(exported.label, np.ndarray) and any((exported.label == each).any() for each in retired):
        table = np.arange(256, dtype=np.uint8)
        table[retired] = UNLABELLED
        return dataclasses.replace(exported, label=table[exported.label])
    if exported.tags is not None and set(exported.tags.ids) & set(retired):
        left = Tags.of(set(exported.tags.ids) - set(retired))
        return dataclasses.replace(exported, tags=left if left.ids else None)
    return exported


def _exported(store: Store, item: Item) -> ExportedItem:
    """The item with its label. Raises StudioError where that cannot be read."""
    carried, task = store.carried(item.id), store.settings.task
    if task in TAG_TASKS:
        return ExportedItem(item, None, carried, store.read_tags(item.id))
    label = store.read_points(item.id) if task is Task.KEYPOINTS else store.read_mask(item.id)
    return ExportedItem(item, label, carried)
