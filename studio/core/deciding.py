"""What a person can do about a model's mistake, and the journal of what was done."""

from __future__ import annotations

import enum

import msgspec

from studio.core.points import Keypoint
from studio.core.review import Decision


class Decide(msgspec.Struct, frozen=True):
    """The item as a whole. Of tags, accepting takes over those whose probability is above `threshold`, which are those
    that showed; None for those that the run predicts at the moment."""

    decision: Decision
    threshold: float | None = None


class AcceptRegion(msgspec.Struct, frozen=True, kw_only=True):
    """Take the prediction over where it differs from the label around one pixel (column, row) of the original: as far
    as the same class is taken for the same other one."""

    x: int
    y: int


class GiveClass(msgspec.Struct, frozen=True, kw_only=True):
    """Say that a class applies to the whole item; `alone` takes all others away, without `has` it is taken away."""

    class_id: int
    has: bool = True
    alone: bool = False


class PlacePoint(msgspec.Struct, frozen=True):
    """Put a keypoint where it belongs, in the place of the one of its index and instance."""

    point: Keypoint


class Ask(msgspec.Struct, frozen=True):
    """Put a question to somebody, in the place of the item's former one."""

    text: str


class Answer(msgspec.Struct, frozen=True):
    """Answer the item's question; it counts for nothing where there is none."""

    text: str


class ClearNote(msgspec.Struct, frozen=True):
    """Take the item's question away."""


Correcting = AcceptRegion | GiveClass | PlacePoint
"""What changes a label right there, which is an edit like one on the Label page."""

Noting = Ask | Answer | ClearNote

Deed = Decide | AcceptRegion | GiveClass | PlacePoint | Ask | Answer | ClearNote


class Act(enum.StrEnum):
    """What kind of step the journal tells of."""

    DECIDED = "decided"
    CONFIRMED = "label was right as changed"
    REGION = "accepted a region"
    RELABELLED = "relabelled"
    PLACED = "placed a point"
    NOTED = "note"


class StepState(enum.StrEnum):
    """An undone step can be done again; a dropped one was undone before something else was decided."""

    DONE = "done"
    UNDONE = "undone"
    DROPPED = "dropped"


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run's review. `before` and `after` are revisions of the item's annotation, `what` says in words
    what changed, `note` is the question or answer; `time` is seconds since the epoch (UTC)."""

    id: int
    run: str
    item: int
    name: str
    act: Act
    decision: Decision
    previous: Decision
    before: int
    after: int
    time: float
    who: str = ""
    what: str = ""
    note: str = ""
    state: StepState = StepState.DONE
    batch: int = 0


def in_words(entry: JournalEntry) -> str:
    """What was done, in a few words: `label was right`, `relabelled: cat → dog`."""
    if entry.act is Act.DECIDED:
        return "undecided again" if entry.decision is Decision.UNDECIDED else entry.decision.value
    if entry.act is Act.NOTED:
        return entry.what
    return f"{entry.act.value}: {entry.what}" if entry.what else entry.act.value
