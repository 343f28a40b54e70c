"""What a person says about a whole item: the classes that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec


class Tags(msgspec.Struct, frozen=True):
    """Class ids in ascending order, each once; raises ValueError for others. No id at all says “none of them”, which is
    a label like any other; that nobody has said anything is None in place of a Tags."""

    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(a >= b for a, b in zip(self.ids, self.ids[1:], strict=False)):
            raise ValueError(f"class ids {self.ids} are not in ascending order")

    @classmethod
    def of(cls, ids: Iterable[int]) -> Tags:
        """Tags of these ids, in any order."""
        return cls(tuple(sorted(set(ids))))

    def toggled(self, class_id: int) -> Tags:
        """With the class where it was missing, without it where it was there."""
        return Tags.of(set(self.ids) ^ {class_id})

    def with_class(self, class_id: int) -> Tags:
        return Tags.of({*self.ids, class_id})

    def without_class(self, class_id: int) -> Tags:
        return Tags.of(set(self.ids) - {class_id})


NONE_OF_THEM = Tags()

TAG_THRESHOLD: Final = 0.2
"""A tag is predicted where its probability is above this: lesson 3's, low because F2 forgives a tag too many sooner
than a missing one."""


class PredictedTags(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says about a whole item. `shares`: (class id, probability 0–1) of every class it knows, the most
    probable first."""

    tags: Tags
    shares: tuple[tuple[int, float], ...] = ()

    def above(self, threshold: float) -> PredictedTags:
        """The same answer with the classes whose probability is above `threshold` as its tags."""
        ids = (class_id for class_id, share in self.shares if share > threshold)
        return PredictedTags(tags=Tags.of(ids), shares=self.shares)


def ids_of(tags: Tags | None) -> tuple[int, ...]:
    """The class ids, none where nobody has said anything."""
    return tags.ids if tags is not None else ()
