"""What the top bar says of the items: how many show, in which order, and what was decided."""

from __future__ import annotations

from typing import Final

from studio.core.counting import counted
from studio.core.items import Split
from studio.store.review import Review
from studio.ui.review.gallery import Gallery

_SPLIT_WORDS: Final = {
    Split.VALID: "validation",
    Split.TRAIN: "training",
    Split.TEST: "test",
    Split.PRODUCTION: "production",
}


def summary(gallery: Gallery, review: Review, *, learnt: int, left_out: int) -> str:
    """`learnt` items are what a fine-tuning would learn from, `left_out` are what no further run uses. What a search
    for label errors is about comes first, as a narrow window cuts off the rest."""
    split = gallery.filters.filters.split or gallery.only_split
    kind = f"{_SPLIT_WORDS[split]} " if split is not None else ""
    words: list[str] = []
    if gallery.suspected is not None and gallery.run is not None:
        words.append(_suspects(gallery.suspected, gallery.suspected - review.decided_suspects(gallery.run)))
    words.append(f"{counted(gallery.model.rowCount(), f'{kind}item')}, {gallery.order.in_words}")
    if learnt:
        words.append(counted(learnt, "correction"))
    if left_out:
        words.append(f"{left_out} left out")
    return "  ·  ".join(words)


def _suspects(suspected: int, undecided: int) -> str:
    if not suspected:
        return "No suspects"
    return f"{counted(suspected, 'suspect')}, {f'{undecided:,} undecided' if undecided else 'all decided'}"
