"""What a page shows of one item: its label and both models' answers, as small pictures or in words."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from studio.core.arrays import Mask, Picture
from studio.core.classes import UNLABELLED, palette, rgb, void_ids
from studio.core.errors import StudioError
from studio.core.images import read_image
from studio.core.masks import read_mask
from studio.core.points import KeypointName, Points, Visibility
from studio.core.review import ItemScore
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import Tags, ids_of
from studio.core.texts import first_words

LONGER_SIDE: Final = 360
"""Pixels; pictures of three models side by side are no wider on a page, on screens with two pixels a point neither."""

_OPACITY: Final = 0.55
_QUALITY: Final = 82
_WRONG: Final = (255, 40, 40)
_EDGE: Final = 2
_RING: Final = 7
_SIGNS_OF_A_TEXT: Final = 320


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`jpeg` with its size in pixels, or else `words`."""

    title: str
    jpeg: bytes = b""
    width: int = 0
    height: int = 0
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One item as two runs saw it: `before` and `after` are their scores, the folders their own, and `item` is what the
    later one's snapshot has of it, label included."""

    item: SnapshotItem
    before: ItemScore
    after: ItemScore
    folder_before: Path
    folder_after: Path


def panels_of(judged: Judged, snapshot: Snapshot) -> list[Panel]:
    """Label, before, after. What cannot be read is told by its sentence, so that one lost file costs no page."""
    try:
        if snapshot.task is Task.SEGMENTATION:
            return _of_masks(judged, snapshot)
        if snapshot.task is Task.KEYPOINTS:
            return _of_points(judged, snapshot.keypoints)
        return _of_tags(judged, snapshot)
    except StudioError as error:
        return [Panel(title="", words=error.sentence)]


def _of_masks(judged: Judged, snapshot: Snapshot) -> list[Panel]:
    picture = _small_picture(judged.item.image)
    size = picture.shape[1], picture.shape[0]
    classes = (*snapshot.classes, *snapshot.retired)
    colors, silent = palette(classes), {UNLABELLED, *void_ids(classes)}
    assert judged.item.mask is not None
    label = _small_mask(judged.folder_after / judged.item.mask, size)
    shown = [_jpeg("Label", _overlaid(picture, label, colors))]
    for title, folder, score in _answers(judged):
        if score.mask is None:
            continue
        predicted = _small_mask(folder / score.mask, size)
        wrong = (predicted != label) & ~np.isin(label, sorted(silent))
        drawn = _overlaid(picture, predicted, colors)
        drawn[_edge(wrong)] = _WRONG
        shown.append(_jpeg(title, drawn))
    return shown


def _of_points(judged: Judged, names: Iterable[KeypointName]) -> list[Panel]:
    """The label's points are rings, a model's are dots, and a line joins what belongs together."""
    full = read_image(Path(judged.item.image))
    picture = _shrunk(full)
    scale = picture.shape[1] / full.shape[1]
    colors = {index: rgb(name.color) for index, name in enumerate(names)}
    label = judged.item.points or Points()
    shown = [_jpeg("Label", _with_points(picture, label, None, colors, scale))]
    for title, _folder, score in _answers(judged):
        if score.points is not None:
            shown.append(_jpeg(title, _with_points(picture, label, score.points, colors, scale)))
    return shown


def _of_tags(judged: Judged, snapshot: Snapshot) -> list[Panel]:
    names = {c.id: c.name for c in (*snapshot.classes, *snapshot.retired)}
    path = Path(judged.item.image)
    if snapshot.task is Task.TEXT:
        words = first_words(path, at_most=_SIGNS_OF_A_TEXT)
        first = Panel(title="", words=f"{words} …" if len(words) == _SIGNS_OF_A_TEXT else words)
    else:
        first = _jpeg("", _small_picture(judged.item.image))
    label = judged.after.label if judged.after.label is not None else judged.item.tags
    said = [Panel(title="Label", words=_in_words(label, names))]
    for title, _folder, score in _answers(judged):
        said.append(Panel(title=title, words=_predicted_in_words(score, names)))
    return [first, *said]


def _answers(judged: Judged) -> tuple[tuple[str, Path, ItemScore], ...]:
    return (
        ("Before", judged.folder_before, judged.before),
        ("After", judged.folder_after, judged.after),
    )


def _in_words(tags: Tags | None, names: Mapping[int, str]) -> str:
    return ", ".join(names.get(i, str(i)) for i in ids_of(tags)) or "none of them"


def _predicted_in_words(score: ItemScore, names: Mapping[int, str]) -> str:
    """`ants 0.93`, the probability of each class that is predicted."""
    if score.tags is None:
        return "–"
    shares = dict(score.tags.shares)
    said = (f"{names.get(i, str(i))}{f' {shares[i]:.2f}' if i in shares else ''}" for i in score.tags.tags.ids)
    return ", ".join(said) or "none of them"


def _small_picture(path: str) -> Picture:
    """Raises UnreadableImage."""
    return _shrunk(read_image(Path(path), max_side=LONGER_SIDE))


def _shrunk(picture: Picture) -> Picture:
    """(h, w, 3) uint8 whose longer side has `LONGER_SIDE` pixels at most."""
    height, width = picture.shape[:2]
    scale = min(1.0, LONGER_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def _small_mask(path: Path, size: tuple[int, int]) -> Mask:
    """(h, w) uint8 ids, each that of the pixel in the middle of its place. Raises BadMask."""
    return np.array(Image.fromarray(read_mask(path)[0]).resize(size, Image.Resampling.NEAREST))


def _overlaid(picture: Picture, mask: Mask, colors: np.ndarray) -> Picture:
    over = picture * (1 - _OPACITY) + colors[mask] * _OPACITY
    return np.where((mask == UNLABELLED)[..., None], picture, over).round().astype(np.uint8)


def _edge(region: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels of `region` that are `_EDGE` pixels or less away from one that is none of it."""
    inside = region
    for _ in range(_EDGE):
        padded = np.pad(inside, 1)
        inside = inside & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return region & ~inside


def _with_points(
    picture: Picture,
    label: Points,
    predicted: Points | None,
    colors: Mapping[int, tuple[int, int, int]],
    scale: float,
) -> Picture:
    import cv2  # noqa: PLC0415 - takes 0.2 s, which a page without points need not wait for

    drawn = np.ascontiguousarray(picture.copy())
    sixteenths = {"shift": 4, "lineType": cv2.LINE_AA}

    def place(x: float, y: float) -> tuple[int, int]:
        return round((x * scale - 0.5) * 16), round((y * scale - 0.5) * 16)

    for point in label.placed:
        if point.visibility is Visibility.ABSENT:
            continue
        color, middle = colors.get(point.index, _WRONG), place(point.x, point.y)
        other = predicted.get(point.index, point.instance) if predicted is not None else None
        if other is not None and other.visibility is not Visibility.ABSENT:
            cv2.line(drawn, middle, place(other.x, other.y), (255, 255, 255), 2, **sixteenths)
            cv2.circle(drawn, place(other.x, other.y), _RING * 16, (0, 0, 0), -1, **sixteenths)
            cv2.circle(drawn, place(other.x, other.y), (_RING - 1) * 16, color, -1, **sixteenths)
        cv2.circle(drawn, middle, (_RING + 1) * 16, (0, 0, 0), 3, **sixteenths)
        cv2.circle(drawn, middle, (_RING + 1) * 16, color, 1, **sixteenths)
    return drawn


def _jpeg(title: str, picture: Picture) -> Panel:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)  # else thin edges lose their colour
    return Panel(title=title, jpeg=buffer.getvalue(), width=picture.shape[1], height=picture.shape[0])
