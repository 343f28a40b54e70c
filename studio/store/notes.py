"""Questions about items that somebody is to answer before they are decided, at most one an item."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from studio.core.deciding import Answer, Ask, ClearNote, Noting
from studio.core.review import Note
from studio.store.database import Database


class Notes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, item_id: int) -> Note | None:
        row = self._database.execute("SELECT data FROM notes WHERE item = ?", (item_id,)).fetchone()
        return decoded(row[0]) if row else None

    def many(self, ids: Iterable[int]) -> dict[int, Note]:
        """Those that these items have, by item."""
        rows = self._database.execute(
            "SELECT item, data FROM notes WHERE item IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
        )
        return {item: msgspec.json.decode(data, type=Note) for item, data in rows}

    def put(self, item_id: int, note: Note | None) -> None:
        """In the place of the former one; None takes it away."""
        if note is None:
            self._database.execute("DELETE FROM notes WHERE item = ?", (item_id,))
            return
        self._database.execute(
            "INSERT OR REPLACE INTO notes (item, data, open) VALUES (?, ?, ?)",
            (item_id, encoded(note), int(note.is_open)),
        )

    def count_open(self) -> int:
        return int(self._database.execute("SELECT COUNT(*) FROM notes WHERE open = 1").fetchone()[0])


def encoded(note: Note | None) -> bytes | None:
    return msgspec.json.encode(note) if note is not None else None


def decoded(data: bytes | None) -> Note | None:
    return msgspec.json.decode(data, type=Note) if data is not None else None


def noted(before: Note | None, deed: Noting, *, who: str, now: float) -> tuple[Note | None, str]:
    """The note that there is after the deed, and what was done in words; the same one where there is nothing to do."""
    match deed:
        case Ask(text):
            if before is not None and before.is_open and before.text == text:
                return before, ""
            return Note(text=text, who=who, time=now), f"asked: {text}"
        case Answer(text):
            if before is None or before.answer == text:
                return before, ""
            answered = Note(
                text=before.text,
                who=before.who,
                time=before.time,
                answer=text,
                answered_by=who,
                answered=now,
            )
            return answered, f"answered: {text}"
        case ClearNote():
            return None, "question taken away"
