"""The shapes that imports brought, kept beside the labels that were made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from studio.core.errors import ProjectDamaged
from studio.core.shapes import Carried, SourceNotes
from studio.store.database import Database


class CarriedShapes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, item_id: int, carried: Carried) -> None:
        """Keep an item's shapes, in the place of those that it had."""
        self._database.execute(
            "INSERT OR REPLACE INTO carried (item, data) VALUES (?, ?)", (item_id, msgspec.json.encode(carried))
        )

    def of(self, item_id: int) -> Carried | None:
        """What an import brought for the item; None where it brought no shapes. Raises ProjectDamaged."""
        row = self._database.execute("SELECT data FROM carried WHERE item = ?", (item_id,)).fetchone()
        if row is None:
            return None
        try:
            return msgspec.json.decode(row[0], type=Carried)
        except msgspec.MsgspecError as error:
            raise ProjectDamaged(self._database.path, f"the shapes of item {item_id}: {error}") from error

    def note(self, source: str, notes: Mapping[str, Any]) -> None:
        """Keep what a source says about the whole data set; keys that were kept before stay as they are."""
        with self._database.transaction():
            known = self.notes().get(source, {})
            self._database.execute(
                "INSERT OR REPLACE INTO carried_notes (source, data) VALUES (?, ?)",
                (source, msgspec.json.encode({**notes, **known})),
            )

    def notes(self) -> SourceNotes:
        """What sources said about whole data sets, by format. Raises ProjectDamaged."""
        rows = self._database.execute("SELECT source, data FROM carried_notes").fetchall()
        try:
            return {source: msgspec.json.decode(data, type=dict[str, Any]) for source, data in rows}
        except msgspec.MsgspecError as error:
            raise ProjectDamaged(self._database.path, f"the notes of an import: {error}") from error
