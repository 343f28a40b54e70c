"""The pictures of one review item: its label, its prediction and where they differ. Fit for any thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.classes import UNLABELLED, palette, void_ids
from studio.core.errors import BadMask, StudioError
from studio.core.images import image_size, read_image
from studio.core.masks import read_mask
from studio.core.points import Points, Visibility
from studio.core.raster import Rect
from studio.core.review import ItemScore
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.tag_words import Answer, answers_of
from studio.store import Store
from studio.ui.review import differences
from studio.ui.review.document_tile import weighed_document
from studio.ui.review.point_marks import mark_points
from studio.ui.widgets.image_memory import from_mask, from_rgb

_WRITTEN_FROM: Final = 300
_WRITTEN_CLOSE_UP_FROM: Final = 110
"""Pixels of a plain screen: in smaller pictures the distances of points would hide the points."""

_CLOSE_UP: Final = 2.8
"""How much wider than the points themselves a close-up of them is."""

_SMALLEST_CLOSE_UP: Final = 0.25
"""Of the picture's width: a close-up of two points at the same place still shows what lies around them."""


@dataclass(frozen=True, eq=False)
class Look:
    """How pictures are to be drawn. Two looks are the same only when they are one object.

    `width` and `height` bound one pane, in device pixels; `colors` (256, 3) uint8 by mask value; `void` are class ids;
    `difference` is the colour of what differs; `threshold` the probability from which on a tag is predicted;
    `point_colors` go by keypoint index; letters and marks are `ratio` times as large as on a plain screen.
    """

    task: Task
    width: int
    height: int
    colors: np.ndarray
    void: frozenset[int]
    difference: tuple[int, int, int]
    point_colors: tuple[str, ...] = ()
    threshold: float | None = None
    ratio: float = 1.0

    @classmethod
    def of(
        cls,
        settings: ProjectSettings,
        *,
        width: int,
        height: int,
        difference: QColor,
        threshold: float | None = None,
        ratio: float = 1.0,
    ) -> Look:
        return cls(
            task=settings.task,
            width=max(8, width),
            height=max(8, height),
            colors=palette(settings.known_classes),
            void=void_ids(settings.classes),
            difference=(difference.red(), difference.green(), difference.blue()),
            point_colors=tuple(point.color for point in settings.keypoints),
            threshold=threshold,
            ratio=ratio,
        )


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """`panes`: of a mask twice the picture, over which label and prediction, `masks`, lie, and the difference; the
    whole picture and a close-up of points; the picture for classes of the whole item, of which `answers` say what label
    and model say, the most probable first, and `threshold`, of tags, from which probability on one is predicted.

    `focus` is the largest mistake, in pixels of the original; `size` the original's (width, height). `trouble` is a
    sentence that stands where no picture can.
    """

    panes: tuple[QImage, ...] = ()
    masks: tuple[QImage, ...] = ()
    """By pane, of its size: what `shown` puts over it."""
    focus: Rect | None = None
    size: tuple[int, int] = (0, 0)
    trouble: str = ""
    parts: tuple[QRectF, ...] = ()
    """By pane, where that does not show all of the original."""
    answers: tuple[Answer, ...] = ()
    threshold: float | None = None
    weighed: bool = False
    """Whether a document's words are coloured by their weight."""

    def part(self, pane: int) -> QRectF:
        """The part of the original that a pane shows, in its pixels."""
        whole = QRectF(0, 0, *self.size)
        return self.parts[pane] if pane < len(self.parts) else whole

    @property
    def bytes(self) -> int:
        """Of what several panes have in common once."""
        return sum({image.cacheKey(): image.sizeInBytes() for image in (*self.panes, *self.masks)}.values())

    def shown(self, pane: int, opacity: float) -> QImage:
        """A pane with its mask over it, where it has one, as strong as `opacity`, 0 to 1."""
        if pane >= len(self.masks):
            return self.panes[pane]
        image = self.panes[pane].copy()
        painter = QPainter(image)
        painter.setOpacity(opacity)
        painter.drawImage(0, 0, self.masks[pane])
        painter.end()
        return image


def draw(store: Store, folder: Path, score: ItemScore, look: Look) -> Pictures:
    """Draw the item with its label as it is now and the prediction kept below the run's `folder`.

    Raises StudioError when the picture, the label or the prediction cannot be read.
    """
    if look.task in TAG_TASKS:
        return _draw_tags(store, score, look)
    if look.task is Task.KEYPOINTS:
        return _draw_points(store, score, look)
    return _draw_masks(store, folder, score, look)


def masks_of(store: Store, folder: Path, score: ItemScore) -> tuple[np.ndarray, np.ndarray]:
    """Label and prediction, each (H, W) uint8. Raises BadMask where they do not fit each other or one is missing."""
    if score.mask is None:
        raise BadMask(folder / "scores.jsonl", f"it has no prediction of {score.name}", "train the run again")
    predicted, _head = read_mask(folder / score.mask)
    label = store.read_mask(score.item)
    if label is None:
        label = np.full_like(predicted, UNLABELLED)
    if label.shape != predicted.shape:
        why = f"it has another size than the label of {score.name}"
        raise BadMask(folder / score.mask, why, "the picture was replaced; train again")
    return label, predicted


def focus_of(store: Store, folder: Path, score: ItemScore) -> Rect | None:
    """The largest mistake, in pixels of the original; None where label and prediction agree."""
    if store.settings.task in TAG_TASKS:
        return None
    if store.settings.task is Task.KEYPOINTS:
        width, height = image_size(store.item(score.item).path)
        label = store.read_points(score.item) or Points()
        return differences.largest_distance(label, score.points or Points(), width=width, height=height)
    label, predicted = masks_of(store, folder, score)
    return differences.largest_difference(
        differences.differing(label, predicted, void_ids(store.settings.classes)),
    )


def _draw_masks(store: Store, folder: Path, score: ItemScore, look: Look) -> Pictures:
    item = store.item(score.item)
    label, predicted = masks_of(store, folder, score)
    height, width = label.shape
    size = differences.fit(width, height, look.width, look.height)
    image = differences.shrink(read_image(item.path, max_side=max(size)), size)
    different = differences.differing(label, predicted, look.void)
    bare = from_rgb(image)
    difference = differences.highlighted(image, differences.shrink_share(different, size), look.difference)
    return Pictures(
        panes=(bare, bare, from_rgb(difference)),
        masks=tuple(from_mask(differences.shrink_mask(mask, size), look.colors) for mask in (label, predicted)),
        focus=differences.largest_difference(different),
        size=(width, height),
    )


def _draw_points(store: Store, score: ItemScore, look: Look) -> Pictures:
    item = store.item(score.item)
    width, height = image_size(item.path)
    label, predicted = store.read_points(item.id) or Points(), score.points or Points()
    size = differences.fit(width, height, look.width, look.height)
    near = _close_up(label, predicted, width, height, shape=(look.width, look.height))
    sharp = min(1.0, look.width / near.width())
    image = read_image(item.path, max_side=max(*size, round(max(width, height) * sharp)))
    whole = from_rgb(differences.shrink(image, size))
    colors, line, ratio = look.point_colors, look.difference, look.ratio
    everything = QRectF(0, 0, width, height)
    mark_points(whole, label, predicted, everything, colors=colors, line=line, ratio=ratio, written_from=_WRITTEN_FROM)
    closer = from_rgb(_cut(image, near, width, (look.width, look.height)))
    mark_points(
        closer, label, predicted, near, colors=colors, line=line, ratio=ratio, written_from=_WRITTEN_CLOSE_UP_FROM
    )
    focus = differences.largest_distance(label, predicted, width=width, height=height)
    return Pictures(panes=(whole, closer), focus=focus, size=(width, height), parts=(QRectF(0, 0, width, height), near))


def _draw_tags(store: Store, score: ItemScore, look: Look) -> Pictures:
    """What label and model say is there also where the picture is not."""
    item = store.item(score.item)
    names = {c.id: c.name for c in store.settings.known_classes}
    answers = answers_of(store.read_tags(item.id), score.tags, names) if score.tags is not None else ()
    said = Pictures(answers=answers, threshold=look.threshold, weighed=bool(score.words))
    try:
        if look.task is Task.TEXT:
            width, height = look.width, look.height
            whole = weighed_document(item.path, score.words, width=width, height=height, ratio=look.ratio)
        else:
            width, height = image_size(item.path)
            size = differences.fit(width, height, look.width, look.height)
            whole = from_rgb(differences.shrink(read_image(item.path, max_side=max(size)), size))
    except StudioError as error:
        return replace(said, trouble=error.sentence)
    return replace(said, panes=(whole,), size=(width, height))


def _close_up(label: Points, predicted: Points, width: int, height: int, *, shape: tuple[int, int]) -> QRectF:
    """The part of the picture around all points, of the pane's `shape`, never beyond the picture's size."""
    placed = [p for p in (*label.placed, *predicted.placed) if p.visibility is not Visibility.ABSENT]
    if not placed:
        return QRectF(0, 0, width, height)
    left, right = min(p.x for p in placed), max(p.x for p in placed)
    top, bottom = min(p.y for p in placed), max(p.y for p in placed)
    ratio = shape[0] / shape[1]
    wide = max((right - left) * _CLOSE_UP, (bottom - top) * _CLOSE_UP * ratio, width * _SMALLEST_CLOSE_UP)
    wide = min(wide, width, height * ratio)
    high = wide / ratio
    x = min(max(0.0, (left + right) / 2 - wide / 2), width - wide)
    y = min(max(0.0, (top + bottom) / 2 - high / 2), height - high)
    return QRectF(x, y, wide, high)


def _cut(image: np.ndarray, near: QRectF, width: int, size: tuple[int, int]) -> np.ndarray:
    """The part `near`, given in pixels of an original `width` wide, of `image`, at `size`."""
    scale = image.shape[1] / width
    x0, y0 = int(near.left() * scale), int(near.top() * scale)
    x1, y1 = max(x0 + 1, round(near.right() * scale)), max(y0 + 1, round(near.bottom() * scale))
    return differences.shrink(np.ascontiguousarray(image[y0:y1, x0:x1]), size)
