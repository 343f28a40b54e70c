"""Label images in the project's folder, and how file and journal together say what an item's mask is.

The journal is the truth; a label file shows one of its edits and names it. Reading an item is: read the file, then walk
through the journal from the edit it names to the item's head.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.atomic import why
from studio.core.classes import UNLABELLED, LabelClass
from studio.core.edit_overlay import EditOverlay
from studio.core.errors import BadMask, CannotWrite, UnknownItem
from studio.core.mask_png import NotPlain
from studio.core.masks import (
    bands_of,
    check_mask,
    count_values,
    decode_mask,
    is_blank,
    is_huge,
    read_head,
    read_mask,
    size_in_bands,
    write_mask,
    write_mask_in_bands,
)
from studio.core.signals import Signal
from studio.core.tiles import TILE
from studio.store.database import Database
from studio.store.journal import Journal, digest_of

LABELS_FOLDER: Final = "labels"


@dataclass(frozen=True, eq=False)
class ReadLabel:
    """A label file that was read on another thread: its mask, the edit that it names, and which file that was."""

    mask: Mask
    head: int
    file: tuple[int, int, int]


def read_label(path: Path) -> ReadLabel:
    """Read a label file on any thread, for `LabelFiles.load` on its own. Raises BadMask."""
    while True:
        file = _identity(path)
        mask, head = read_mask(path)
        if file == _identity(path):  # else the label writer put another one there, whose edit may be named
            return ReadLabel(mask, head, file)
        del mask


class LabelFiles:
    """Reads and writes label files over one database connection, on one thread."""

    def __init__(
        self, project: Path, database: Database, journal: Journal, classes: Callable[[], tuple[LabelClass, ...]]
    ) -> None:
        self.noticed: Signal[str] = Signal()
        """A sentence for people, when a file is not what the journal expects."""
        self._folder = project / LABELS_FOLDER
        self._database = database
        self._journal = journal
        self._classes = classes

    def path(self, item_id: int) -> Path:
        """Raises UnknownItem."""
        row = self._database.execute("SELECT label FROM items WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise UnknownItem(f"number {item_id}", self._folder.parent)
        return self._folder / row[0]

    def huge(self, item_id: int) -> Path | None:
        """The item's label file when it is one that takes long to read. Raises UnknownItem."""
        path = self.path(item_id)
        size = size_in_bands(path)
        return path if size is not None and is_huge(size) else None

    def load(
        self, item_id: int, size: tuple[int, int] | None = None, read: ReadLabel | None = None
    ) -> tuple[Mask, int] | None:
        """The item's mask as of now, writable, and the edit it shows; None when it has no label.

        `size` (width, height) of the picture, where the caller knows it, is what a mask must have; `read` spares
        reading the file, unless that names no edit and is another one by now; its mask belongs to the item afterwards.
        A file that another program put there becomes the item's label, and undo stops at it. Raises BadMask,
        CannotWrite.
        """
        head = self._journal.head(item_id)
        path = self.path(item_id)
        if read is not None and (self._journal.belongs(read.head, item_id) or read.file == _identity(path)):
            found = read.mask, read.head
        else:
            found = self._read(path, head)
        if found is None:
            mask = self._rebuild(item_id, head, size, path) if head else None
            return None if mask is None else (mask, head)
        mask, file_head = found
        if size is not None and mask.shape != (size[1], size[0]):
            check_mask(path, mask, size, self._classes())
        shown = self._shown_by(item_id, mask, file_head)
        if shown is None:
            return mask, self._take_over(item_id, mask, path, expected=head != 0)
        way = self._journal.walk(shown, head)
        if way is None:
            rebuilt = self._rebuild(item_id, head, size, path)
            return None if rebuilt is None else (rebuilt, head)
        self._follow(mask, way.back, way.forth)
        return mask, head

    def bring_up_to_date(self, item_id: int, held: tuple[Mask, int] | None = None) -> tuple[Mask, int] | None:
        """Write the item's label file as long as it shows an older edit than the item; returns what it shows then.

        `held` is what an earlier call returned, to spare reading the file again; it is changed in place. A huge mask is
        brought up to date in bands and never held. A file that
        another program put there meanwhile is kept beside the new one. Raises CannotWrite, BadMask.
        """
        head, label_head = self._database.execute(
            "SELECT head, label_head FROM items WHERE id = ?", (item_id,)
        ).fetchone()
        if head == label_head:
            return held
        path = self.path(item_id)
        if self._write_in_bands(item_id, head, path):
            self._note_written(item_id, path)
            return self.bring_up_to_date(item_id)
        base = self._base_for_writing(item_id, head, path, held)
        if base is None:
            return None
        mask, shown = base
        way = self._journal.walk(shown, head)
        assert way is not None
        self._follow(mask, way.back, way.forth)
        write_mask(path, mask, self._classes(), head=head)
        self._note_written(item_id, path)
        return self.bring_up_to_date(item_id, (mask, head))

    def _write_in_bands(self, item_id: int, head: int, path: Path) -> bool:
        """Write a huge mask from its label file, or from nothing, and the edits since. False for any other mask, and
        where file or journal are not what was expected, which is for the caller to sort out."""
        start = self._start_in_bands(item_id, head, path)
        if start is None:
            return False
        size, shown = start
        way = self._journal.walk(shown, head)
        if way is None:
            return False
        overlay = EditOverlay()
        for edit_id in way.back:
            overlay.revert(self._journal.mask_edit(edit_id))
        for edit_id in way.forth:
            overlay.apply(self._journal.mask_edit(edit_id))
        try:
            write_mask_in_bands(path, size, _brought(overlay, path, size, shown), self._classes(), head=head)
        except (NotPlain, BadMask):
            return False
        return True

    def _start_in_bands(self, item_id: int, head: int, path: Path) -> tuple[tuple[int, int], int] | None:
        """The size of a huge mask and the edit that its file shows, 0 where there is none yet."""
        if path.is_file():
            size, shown = size_in_bands(path), read_head(path)
            if size is None or not is_huge(size) or not shown or not self._journal.belongs(shown, item_id):
                return None
            if self._is_unkept(shown):
                self._keep(shown, path)
            return size, shown
        way = self._journal.walk(0, head)
        if way is None or not way.forth:
            return None
        first = self._journal.mask_edit(way.forth[0])
        size = first.width, first.height
        return (size, 0) if is_huge(size) else None

    def import_mask(self, item_id: int, mask: Mask, what: str) -> Path:
        """Make `mask` the item's first annotation, without history. Part of the caller's transaction; before that ends,
        the caller sees to it that the disk has the file, which is returned."""
        root = self._journal.plant_root(item_id, what, pixels=count_values(mask))
        path = self.path(item_id)
        write_mask(path, mask, self._classes(), head=root, durable=False)
        return path

    def up_to_date(self, item_id: int) -> Path | None:
        """The item's label file, if it shows what the item is now."""
        path = self.path(item_id)
        return path if read_head(path) == self._journal.head(item_id) else None

    def _note_written(self, item_id: int, path: Path) -> None:
        """Say in the database what the file shows. Another store, in a thread or process of its own, may have written
        it at the same time, so the file is asked, and by one store at a time."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE items SET label_head = ? WHERE id = ?", (read_head(path), item_id))

    def keep_root(self, item_id: int, root: int) -> None:
        """Take the bytes of the label file into the journal while it still shows `root`, so that whatever happens to
        the file, the label can be rebuilt. Does nothing where the file cannot be read or shows something else."""
        path = self.path(item_id)
        if path.is_file() and self._is_unkept(root):
            with contextlib.suppress(BadMask, CannotWrite):  # the label writer, which follows, says so
                shown = read_head(path) or self._shown_by(item_id, *read_mask(path))
                if shown == root:
                    self._keep(root, path)

    def behind(self) -> list[int]:
        """The items whose label file shows another edit than they do, as after a crash."""
        rows = self._database.execute("SELECT id FROM items WHERE head != label_head")
        return [row[0] for row in rows]

    def _read(self, path: Path, head: int) -> tuple[Mask, int] | None:
        """What the file holds; None when it is missing, or broken while the journal can do without it."""
        if not path.is_file():
            return None
        try:
            return read_mask(path)
        except BadMask as error:
            root = self._journal.root_of(head)
            if head and (root == 0 or self._kept(root) is not None):
                self.noticed.emit(f"{error.sentence[:-1]} (it is rebuilt from the journal).")
                return None
            raise

    def _shown_by(self, item_id: int, mask: Mask, file_head: int) -> int | None:
        """The edit that a label file shows; None for a file that the journal knows nothing about."""
        if file_head and self._journal.belongs(file_head, item_id):
            return file_head
        if is_blank(mask):
            return 0
        return self._journal.root_with_digest(item_id, digest_of(mask))

    def _take_over(self, item_id: int, mask: Mask, path: Path, *, expected: bool) -> int:
        height, width = mask.shape
        check_mask(path, mask, (width, height), self._classes())
        with self._database.transaction() as connection:
            root = self._journal.plant_root(item_id, "file found", pixels=count_values(mask))
            connection.execute("UPDATE edits SET digest = ? WHERE id = ?", (digest_of(mask), root))
        if expected:
            self.noticed.emit(f"{path} was replaced by another program; it is the label now, and undo stops there.")
        return root

    def _rebuild(self, item_id: int, head: int, size: tuple[int, int] | None, path: Path) -> Mask | None:
        """The mask at `head` from the journal alone; None when neither its beginning nor its size is known."""
        root = self._journal.root_of(head)
        way = self._journal.walk(root, head)
        assert way is not None
        kept = self._kept(root)
        if kept is not None:
            mask = decode_mask(kept, path)[0]
        else:
            if root:
                self.noticed.emit(f"{path} is missing; put it back, until then only what was painted since is shown.")
            if size is None and way.forth:
                first = self._journal.mask_edit(way.forth[0])
                size = first.width, first.height
            if size is None:
                return None
            mask = np.full((size[1], size[0]), UNLABELLED, np.uint8)
        self._follow(mask, (), way.forth)
        return mask

    def _follow(self, mask: Mask, back: tuple[int, ...], forth: tuple[int, ...]) -> None:
        for edit_id in back:
            self._journal.mask_edit(edit_id).revert(mask)
        for edit_id in forth:
            self._journal.mask_edit(edit_id).apply(mask)

    def _base_for_writing(
        self, item_id: int, head: int, path: Path, held: tuple[Mask, int] | None
    ) -> tuple[Mask, int] | None:
        """A mask and the edit it shows, from which a walk leads to `head`; makes sure that nothing is overwritten that
        the journal does not have."""
        file_head = read_head(path) if path.is_file() else 0
        shown = file_head if file_head and self._journal.belongs(file_head, item_id) else None
        if shown is None and path.is_file():
            held = None
            found = self._read(path, head)
            shown = self._shown_by(item_id, *found) if found else None
            if found is not None and shown is None:
                self._set_aside(path)
            elif found is not None and shown is not None:
                held = found[0], shown
        if shown and self._is_unkept(shown):
            self._keep(shown, path)
        if held is not None and self._journal.walk(held[1], head) is not None:
            return held
        if shown is not None and self._journal.walk(shown, head) is not None:
            found = self._read(path, head)
            if found is not None:
                return found[0], shown
        mask = self._rebuild(item_id, head, None, path)
        return None if mask is None else (mask, head)

    def _is_unkept(self, edit_id: int) -> bool:
        """Whether an edit is a root whose pixels are in its label file only."""
        unkept = "SELECT 1 FROM edits WHERE id = ? AND kind = 'root' AND data IS NULL"
        return self._database.execute(unkept, (edit_id,)).fetchone() is not None

    def _keep(self, root: int, path: Path) -> None:
        self._database.execute("UPDATE edits SET data = ? WHERE id = ?", (_bytes(path), root))

    def _kept(self, root: int) -> bytes | None:
        row = self._database.execute("SELECT data FROM edits WHERE id = ?", (root,)).fetchone()
        return row[0] if row else None

    def _set_aside(self, path: Path) -> None:
        number = 1
        while (other := path.with_name(f"{path.stem}.replaced-{number}.png")).exists():
            number += 1
        try:
            path.rename(other)
        except OSError as error:
            raise CannotWrite(other, why(error)) from error
        self.noticed.emit(f"{path} was replaced by another program while it was open here; its version is {other}.")


def _brought(overlay: EditOverlay, path: Path, size: tuple[int, int], shown: int) -> Iterator[Mask]:
    """The bands of a mask with the edits over what its file shows. Raises BadMask, NotPlain."""
    y = 0
    for band in bands_of(path, TILE) if shown else _blank_bands(size):
        overlay.bring(band, y)
        yield band
        y += band.shape[0]
    if shown and (read_head(path) != shown or y != size[1]):
        raise NotPlain("another store wrote it meanwhile")


def _blank_bands(size: tuple[int, int]) -> Iterator[Mask]:
    for y in range(0, size[1], TILE):
        yield np.full((min(TILE, size[1] - y), size[0]), UNLABELLED, np.uint8)


def _identity(path: Path) -> tuple[int, int, int]:
    """What tells a file from one that replaced it. Raises BadMask."""
    try:
        status = path.stat()
    except OSError as error:
        raise BadMask(path, why(error), "put the file back or label the item again") from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotWrite(path, why(error)) from error
