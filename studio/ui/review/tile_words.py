"""What a tile's caption has room to say: its item's name, and badges of what was decided and asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from studio.core.review import Decision, ReviewItem

DECISION_WORDS: Final = {
    Decision.UNDECIDED: "undecided",
    Decision.ACCEPTED: "accepted",
    Decision.LABEL_RIGHT: "label right",
    Decision.EDITED: "edited",
    Decision.LEFT_OUT: "left out",
}


@dataclass(frozen=True)
class Badge:
    """`icon` is that of the key that gives it, `role` a colour's."""

    words: str
    icon: str
    role: str


_DECISIONS: Final = {
    decision: Badge(DECISION_WORDS[decision], icon, role)
    for decision, icon, role in (
        (Decision.ACCEPTED, "accept", "ok"),
        (Decision.EDITED, "brush", "ok"),
        (Decision.LABEL_RIGHT, "check", "accent"),
        (Decision.LEFT_OUT, "eye_off", "danger"),
    )
}
_ASKED: Final = Badge("asked", "ask", "warning")
_ANSWERED: Final = Badge("answered", "ask", "muted")


def badges_of(review: ReviewItem) -> list[Badge]:
    """What was decided, and whether somebody asked."""
    decided = [_DECISIONS[review.decision]] if review.decision is not Decision.UNDECIDED else []
    return decided if review.note is None else [*decided, _ASKED if review.note.is_open else _ANSWERED]


def stem_of(name: str) -> str:
    """Without the extension."""
    stem, _dot, extension = name.rpartition(".")
    return name if not stem or "/" in extension else stem


def shortened(metrics: QFontMetrics, name: str, width: int) -> str:
    """As much of a name as `width` pixels hold: the extension goes first, then the beginning, since a number at the end
    tells names apart."""
    for words in (name, stem_of(name)):
        if metrics.horizontalAdvance(words) <= width:
            return words
    return metrics.elidedText(stem_of(name), Qt.TextElideMode.ElideLeft, max(0, width))
