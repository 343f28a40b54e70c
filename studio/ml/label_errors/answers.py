"""What goes into a judgement and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from studio.core.review import ItemScore
from studio.core.snapshot import SnapshotItem
from studio.core.suspicions import Method, Suspicion


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`score` is what a network that had not seen the label of `item` predicted; the files it names lie below
    `folder`."""

    item: SnapshotItem
    score: ItemScore
    folder: Path

    def scored(self, **changes: object) -> ItemScore:
        """The score as one of the whole search: of the item's own split, and with `changes`."""
        return replace(self.score, split=self.item.split, **changes)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """`score` has the proposed label as its prediction."""

    score: ItemScore
    suspicion: Suspicion


def suspicion_of(answer: Answer, *, quality: float, is_issue: bool, method: Method, **doubted: object) -> Suspicion:
    item = answer.item
    return Suspicion(
        item=item.id,
        name=item.name,
        split=item.split,
        revision=item.revision,
        quality=min(1.0, max(0.0, float(quality))),
        is_issue=bool(is_issue),
        method=method,
        **doubted,  # pyright: ignore[reportArgumentType]
    )
