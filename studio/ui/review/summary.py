"""What the top bar says of the items: how many show, in which order, and what was decided."""

from __future__ import annotations

from typing import Final

from studio.core.counting import counted
from studio.core.items import Split
from studio.ui.review.gallery import Gallery

_SPLIT_WORDS: Final = {
    Split.VALID: "validation",
    Split.TRAIN: "training",
    Split.TEST: "test",
    Split.PRODUCTION: "production",
}


def summary(gallery: Gallery, *, learnt: int, left_out: int) -> str:
    """`learnt` items are what a fine-tuning would learn from, `left_out` are what no further run uses."""
    split = gallery.filters.filters.split or gallery.only_split
    kind = f"{_SPLIT_WORDS[split]} " if split is not None else ""
    words = [f"{counted(gallery.model.rowCount(), f'{kind}item')}, {gallery.order.in_words}"]
    if gallery.suspected is not None:
        words.append(f"{counted(gallery.suspected, 'label')} probably wrong")
    if learnt:
        words.append(counted(learnt, "correction"))
    if left_out:
        words.append(f"{left_out} left out")
    return "  ·  ".join(words)
