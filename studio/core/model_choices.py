"""Which model a person goes on with after a fine-tuning: a decision on record."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


class Kept(enum.StrEnum):
    """The model that a report's two are decided for. `UNDECIDED`: a decision was taken back."""

    NEW = "new"
    OLD = "old"
    UNDECIDED = "undecided"


class Standing(enum.StrEnum):
    """What decisions made of a run's model: the one that is kept now, one that was until another took its place, or one
    whose parent was kept instead."""

    OPEN = ""
    KEPT = "kept"
    KEPT_BEFORE = "kept before"
    SET_ASIDE = "set aside"


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """Between `run`, the new model, and `parent`, the old one. `time` is seconds since the epoch (UTC)."""

    run: str
    parent: str
    kept: Kept
    who: str
    time: float
    note: str = ""

    @property
    def kept_run(self) -> str | None:
        return {Kept.NEW: self.run, Kept.OLD: self.parent}.get(self.kept)


def choice_in_words(choice: ModelChoice | None) -> str:
    """`Run 0003 kept by Anna, 3 Nov 2026 14:03`."""
    if choice is None:
        return "Not decided yet"
    by = f" by {choice.who}" if choice.who else ""
    when = dt.datetime.fromtimestamp(choice.time)
    what = f"Run {choice.kept_run} kept" if choice.kept_run is not None else "Decision taken back"
    return f"{what}{by}, {when.day} {when:%b %Y %H:%M}"
