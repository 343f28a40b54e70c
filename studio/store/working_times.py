"""When a person labelled and decided, as the journals have it."""

from __future__ import annotations

from studio.core.labelling_time import LabellingTime
from studio.store.database import Database


def labelling_time(database: Database) -> LabellingTime:
    """Of the whole project. Annotations that came as a whole, by an import, are nobody's work here. It reads the whole
    journal, so it is for a thread of its own."""
    edits = database.execute("SELECT item, time FROM edits WHERE kind != 'root'").fetchall()
    decided = database.execute("SELECT time FROM decisions").fetchall()
    firsts: dict[int, float] = {}
    for item, when in edits:
        firsts[item] = min(when, firsts.get(item, when))
    acts = [when for _item, when in edits] + [row[0] for row in decided]
    return LabellingTime(acts, list(firsts.values()))
