"""Which keypoints are mirror images of each other, said in the settings or guessed from their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from studio.core.points import Keypoint, KeypointName, Points

_SIDES: Final = (("left", "right"), ("l", "r"))


def mirror_order(names: Sequence[KeypointName]) -> tuple[int, ...]:
    """For each keypoint the index of the one it becomes in a mirrored picture, its own where it has no partner.

    Applied twice it changes nothing. Raises ValueError with a sentence where a partner is unknown or claimed twice.
    """
    indices = {name.name: index for index, name in enumerate(names)}
    order = list(range(len(names)))
    for index, name in enumerate(names):
        if not name.mirror or name.mirror == name.name:
            continue
        partner = indices.get(name.mirror)
        if partner is None:
            raise ValueError(f"the keypoint {name.name} is mirrored to {name.mirror}, which is no keypoint")
        if order[index] not in (index, partner) or order[partner] not in (partner, index):
            raise ValueError(
                f"{name.name} and {name.mirror} cannot be mirror partners: one of them has another partner"
            )
        order[index], order[partner] = partner, index
    return tuple(order)


def paired(names: Sequence[KeypointName], index: int, partner: int | None) -> tuple[KeypointName, ...]:
    """The keypoints with these two as mirror partners (`partner` None: with none for `index`); the partners that
    either had before are left without one."""
    changed = list(names)
    order = mirror_order(names)
    for one in {index, index if partner is None else partner}:
        for released in (one, order[one]):
            changed[released] = replace(changed[released], mirror="")
    if partner is not None and partner != index:
        changed[index] = replace(changed[index], mirror=names[partner].name)
        changed[partner] = replace(changed[partner], mirror=names[index].name)
    return tuple(changed)


def renamed(names: Sequence[KeypointName], index: int, name: str) -> tuple[KeypointName, ...]:
    """The keypoints with another name for one of them; who is mirrored to it still is."""
    old = names[index].name
    return tuple(
        replace(k, name=name if i == index else k.name, mirror=name if k.mirror == old else k.mirror)
        for i, k in enumerate(names)
    )


def guessed_pairs(names: Sequence[KeypointName]) -> tuple[KeypointName, ...]:
    """Mirror partners filled in where two names differ in nothing but left and right (left eye, eye_L, LEar, l-hip);
    keypoints that have a partner keep it."""
    changed = tuple(names)
    order = mirror_order(names)
    free = {k.name: i for i, k in enumerate(names) if order[i] == i and not k.retired}
    for name in list(free):
        partner = next((free[other] for other in _mirrored_names(name) if other in free), None)
        if name in free and partner is not None:
            changed = paired(changed, free[name], partner)
            del free[name], free[names[partner].name]
    return changed


def swapped_sides(points: Points, instance: int, order: Sequence[int]) -> Points:
    """The points with every one of an instance called by its mirror partner's name. Places stay."""
    swapped = [
        Keypoint(
            index=order[p.index] if p.index < len(order) else p.index,
            x=p.x,
            y=p.y,
            visibility=p.visibility,
            instance=instance,
        )
        for p in points.of(instance).values()
    ]
    return points.without_instance(instance).updated(swapped)


def mirrored(points: Points, order: Sequence[int], *, width: float) -> Points:
    """The points of the picture's mirror image: places across its middle, names by `order`."""
    moved = [
        replace(p, x=width - p.x, index=order[p.index] if p.index < len(order) else p.index) for p in points.placed
    ]
    return Points().updated(moved)


def _mirrored_names(name: str) -> list[str]:
    """What a name may be called on the other side, likeliest first."""
    found: list[str] = []
    for a, b in _SIDES:
        for side, other in ((a, b), (b, a)):
            found += [name[: m.start()] + _as_written(m[0], other) + name[m.end() :] for m in _sides_in(name, side)]
    return found


def _sides_in(name: str, side: str) -> list[re.Match[str]]:
    """Where a name says this side: a word of its own (`l_hip`, `eye (left)`), else part of one (`LeftEye`, `eyeL`)."""
    word = re.finditer(rf"(?<![A-Za-z]){side}(?![A-Za-z])", name, re.IGNORECASE)
    if len(side) > 1:
        return [*word, *re.finditer(side, name, re.IGNORECASE)]
    capital = side.upper()
    return [*word, *re.finditer(rf"(?<![A-Za-z]){capital}(?=[A-Z][a-z])|(?<=[a-z]){capital}(?![A-Za-z])", name)]


def _as_written(side: str, other: str) -> str:
    """`other` in the case that `side` is written in."""
    if side.isupper():
        return other.upper()
    return other.capitalize() if side[0].isupper() else other
