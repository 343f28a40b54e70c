"""What `studio review` says about an item beside loss and error, and the ranges that it understands."""

from __future__ import annotations

from collections.abc import Mapping

from studio.core.errors import BadInput
from studio.core.review import ItemScore
from studio.core.review_order import SPAN_KINDS, ReviewOrder, SortBy
from studio.core.settings import ProjectSettings
from studio.store import Span

_PARTED_BY = ".."


def figures(score: ItemScore, settings: ProjectSettings) -> dict[str, object]:
    """Those that the score has, for programs; classes and keypoints by name."""
    names = {c.id: c.name for c in settings.known_classes}
    told: dict[str, object] = {}
    if score.confidence is not None:
        told |= {"confidence": score.confidence, "margin": score.margin, "entropy": score.entropy}
    if score.classes:
        told["iou"] = {_name(names, found.class_id): found.overlap for found in score.classes}
        told["class_loss"] = {_name(names, c.class_id): c.loss for c in score.classes if c.loss is not None}
    if score.region is not None:
        region = score.region
        told["region"] = {
            "box": [region.x, region.y, region.width, region.height],
            "pixels": region.pixels,
            "loss": region.loss,
        }
    if score.distances:
        points = dict(enumerate(keypoint.name for keypoint in settings.keypoints))
        told["distances"] = {_name(points, index): distance for index, distance in score.distances}
    return told


def figure(score: ItemScore, order: ReviewOrder) -> str:
    """What the item is sorted by, for people; empty where it has none of it."""
    match order.by:
        case SortBy.OVERLAP:
            found = {c.class_id: c.overlap for c in score.classes}.get(order.class_id or 0)
        case SortBy.CONFIDENCE:
            found = score.confidence
        case SortBy.MARGIN:
            found = score.margin
        case SortBy.ENTROPY:
            found = score.entropy
        case _:
            found = None
    return "" if found is None else f"{found:.4f}"


def class_named(settings: ProjectSettings, name: str | None) -> int | None:
    """Raises BadInput where the project has no such class."""
    if name is None:
        return None
    found = [c.id for c in settings.known_classes if c.name == name]
    if not found:
        known = ", ".join(c.name for c in settings.classes) or "none"
        raise BadInput(f"The project has no class called {name}; it has {known}.")
    return found[0]


def span(words: str) -> tuple[SortBy, Span]:
    """`confidence=0.2..0.5`, or without one of the bounds. Raises BadInput."""
    kind, _, bounds = words.partition("=")
    low, parted, high = bounds.partition(_PARTED_BY)
    try:
        by = SortBy(kind)
        found = (float(low) if low else None, float(high) if high else None)
    except ValueError:
        parted = ""
        by, found = SortBy.LOSS, (None, None)
    if not parted or by not in SPAN_KINDS:
        kinds = ", ".join(SPAN_KINDS)
        raise BadInput(f"A range of {words} is not understood; write confidence=0.2..0.5 or loss=1.. ({kinds}).")
    return by, found


def _name(names: Mapping[int, str], number: int) -> str:
    return names.get(number, str(number))
