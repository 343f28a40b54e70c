"""Annotations of items: opening one for editing, reading one, and importing those that others made."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.atomic import sync_files
from studio.core.classes import UNLABELLED
from studio.core.document import Document, History, MaskDocument, PointsDocument, TagsDocument
from studio.core.edits import Edit, MaskEdit, PointsEdit, TagsEdit
from studio.core.errors import ChangedElsewhere
from studio.core.images import image_size
from studio.core.points import Points
from studio.core.settings import TAG_TASKS, Task
from studio.core.shapes import Shaped
from studio.core.tags import Tags
from studio.store.carried import CarriedShapes
from studio.store.database import Database
from studio.store.items import Items
from studio.store.journal import Journal
from studio.store.label_files import LabelFiles, ReadLabel

_IMPORT: Final = "import"
_BATCH: Final = 64
_BATCH_BYTES: Final = 64 * 2**20

Annotation = Mask | Points | Tags | Shaped
"""A label, alone or with the shapes that it was made from."""

Progress = Callable[[int], object]
"""Told how many annotations are in so far."""


class Annotations:
    def __init__(
        self, database: Database, items: Items, journal: Journal, files: LabelFiles, shapes: CarriedShapes
    ) -> None:
        self._database = database
        self._items = items
        self._journal = journal
        self._files = files
        self._shapes = shapes
        self._open: weakref.WeakValueDictionary[int, Document] = weakref.WeakValueDictionary()

    def open(self, item_id: int, task: Task, read: ReadLabel | None = None) -> Document:
        """The item's document; the same one for as long as somebody holds it and nobody else changed the item. What
        was refused because somebody did comes along into the new one, as far as it touches nothing that they changed.

        Raises UnknownItem, UnreadableImage, BadMask (the label has another size than the picture), CannotWrite.
        """
        document = self._open.get(item_id)
        if document is not None:
            refused = document.refused
            if document.head == self._journal.head(item_id) or (document.is_editing and refused is None):
                return document
        else:
            refused = None
        document = self._make_document(item_id, task, read)
        if refused is not None:
            _carry_over(refused, document)
        self._open[item_id] = document
        return document

    def opened(self, item_id: int) -> Document | None:
        return self._open.get(item_id)

    def all_opened(self) -> dict[int, Document]:
        """Every document that somebody holds, by item."""
        return dict(self._open)

    def mask(self, item_id: int) -> Mask | None:
        """The current mask, (H, W) uint8, the caller's own; None without a label. Raises UnknownItem, BadMask."""
        self._items.get(item_id)
        loaded = self._files.load(item_id)
        return loaded[0] if loaded else None

    def bring_in(self, annotations: Iterable[tuple[int, Annotation]], progress: Progress | None) -> int:
        """Take over annotations from elsewhere: as an item's beginning, without history, where it had none, as one
        edit otherwise. In batches, each all or nothing. Returns how many; raises UnknownItem, CannotWrite."""
        done = 0
        for batch in _batches(annotations):
            with self._database.transaction():
                written = [self._bring_in_one(item_id, annotation) for item_id, annotation in batch]
                sync_files(path for path in written if path is not None)
            for item_id, _ in batch:
                self._refresh(item_id)
            done += len(batch)
            if progress is not None:
                progress(done)
        return done

    def replace_points(
        self, points: Mapping[int, Points], what: str, heads: Mapping[int, int] | None = None
    ) -> list[int]:
        """Give items other points, one edit each and all or none; open documents follow. With `heads`, items that are
        being drawn or stand at another edit are passed over. Returns the ids of those that changed. Raises UnknownItem,
        CannotWrite."""
        edits: list[tuple[int, PointsEdit, History]] = []
        drawn: set[int] = set()
        for item_id in points:
            document = self._open.get(item_id)
            if document is not None and heads is None:
                document.commit()
            elif document is not None and document.is_editing:
                drawn.add(item_id)
        with self._database.transaction():
            for item_id, new in points.items():
                self._items.get(item_id)
                head = self._journal.head(item_id)
                edit = PointsEdit(what, self._journal.points(item_id) or Points(), new)
                if edit.old != new and (heads is None or (heads[item_id] == head and item_id not in drawn)):
                    edits.append((item_id, edit, self._journal.commit(item_id, edit, head)))
        for item_id, edit, history in edits:
            document = self._open.get(item_id)
            if isinstance(document, PointsDocument):
                document.adopt(edit, history)
        return [item_id for item_id, _, _ in edits]

    def carry_out(self, item_id: int, edit: MaskEdit, head: int) -> bool:
        """Journal an edit of an item that stands at `head`, be it open or not; False, and nothing done, where it has
        moved on or is being painted. Raises UnknownItem, CannotWrite."""
        document = self._open.get(item_id)
        if self._journal.head(item_id) != head or (document is not None and document.is_editing):
            return False
        history = self._journal.commit(item_id, edit, head)
        if isinstance(document, MaskDocument) and document.head == head:
            document.adopt(edit, history)
        return True

    def note_changes(self, ids: Iterable[int]) -> None:
        """Tell the open documents among `ids` that their items changed in state or split."""
        for item_id in ids:
            document = self._open.get(item_id)
            if document is not None:
                document.note(self._journal.history(item_id))

    def _make_document(self, item_id: int, task: Task, read: ReadLabel | None) -> Document:
        if task in TAG_TASKS:
            return TagsDocument(self._journal.tags(item_id), self._journal, self._journal.history(item_id))
        if task is Task.KEYPOINTS:
            return self._points_document(item_id)
        return self._mask_document(item_id, read)

    def _mask_document(self, item_id: int, read: ReadLabel | None) -> MaskDocument:
        size = image_size(self._items.get(item_id).path)
        loaded = self._files.load(item_id, size, read)
        mask = loaded[0] if loaded else np.full((size[1], size[0]), UNLABELLED, np.uint8)
        history = self._journal.history(item_id)
        if loaded is not None and loaded[1] != history.head:
            raise ChangedElsewhere(history.item.name)
        return MaskDocument(mask, self._journal, history)

    def _points_document(self, item_id: int) -> PointsDocument:
        size = image_size(self._items.get(item_id).path)
        points = self._journal.points(item_id) or Points()
        return PointsDocument(points, size, self._journal, self._journal.history(item_id))

    def _bring_in_one(self, item_id: int, annotation: Annotation) -> Path | None:
        """Returns the label file that was written for it, if one was."""
        self._items.get(item_id)
        if isinstance(annotation, Shaped):
            self._shapes.keep(item_id, annotation.carried)
            annotation = annotation.label
        head = self._journal.head(item_id)
        if isinstance(annotation, Points):
            if head:
                now = self._journal.points(item_id) or Points()
                if now != annotation:
                    self._journal.commit(item_id, PointsEdit(_IMPORT, now, annotation), head)
            else:
                self._journal.plant_root(item_id, _IMPORT, points=annotation)
            return None
        if isinstance(annotation, Tags):
            self._bring_in_tags(item_id, annotation, head)
            return None
        now_mask = self.mask(item_id) if head else None
        if now_mask is not None and now_mask.shape == annotation.shape:
            edit = MaskEdit.between(now_mask, annotation, _IMPORT)
            if edit.patches:
                self._journal.commit(item_id, edit, head)
            return None
        return self._files.import_mask(item_id, annotation, _IMPORT)

    def _bring_in_tags(self, item_id: int, tags: Tags, head: int) -> None:
        if not head:
            self._journal.plant_root(item_id, _IMPORT, tags=tags)
        elif (now := self._journal.tags(item_id)) != tags:
            self._journal.commit(item_id, TagsEdit(_IMPORT, now, tags), head)

    def _refresh(self, item_id: int) -> None:
        """Forget a document that an import has overtaken; the next opening reads the item afresh."""
        self._open.pop(item_id, None)


def _carry_over(edit: Edit, document: Document) -> None:
    match edit, document:
        case MaskEdit(), MaskDocument():
            mask = document.mask.copy()
            edit.onto(mask).apply(mask)
            document.replace(mask, edit.what)
        case PointsEdit(), PointsDocument():
            document.replace(edit.onto(document.points).new, edit.what)
        case TagsEdit(), TagsDocument():
            document.replace(edit.onto(document.tags).new, edit.what)
        case _:
            pass


def _batches(annotations: Iterable[tuple[int, Annotation]]) -> Iterator[list[tuple[int, Annotation]]]:
    batch: list[tuple[int, Annotation]] = []
    size = 0
    for item_id, annotation in annotations:
        batch.append((item_id, annotation))
        label = annotation.label if isinstance(annotation, Shaped) else annotation
        size += label.nbytes if isinstance(label, np.ndarray) else 0
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
