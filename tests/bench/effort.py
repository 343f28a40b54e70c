"""Actions that a simulated annotator needs until 90 % of the pixels of CamVid frames are right, by three ways to work.

Twelve validation frames of camvid11, spread evenly; void pixels count for nothing; each frame is worked on until it
reaches the target. The annotator knows the truth and always does what brings most pixels an action. It works on the
program's own documents, scribble model and acceptance. What counts as one action, everywhere the same: choosing a
class, changing the brush size, one corner of a polygon, closing it, one straight brush stroke, one fill, asking for a
proposal, accepting one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from studio.core.arrays import Mask, Region
from studio.core.classes import UNLABELLED, LabelClass, make_classes
from studio.core.document import MaskDocument
from studio.core.images import read_image
from studio.core.items import NewItem
from studio.core.raster import XY, flood_region, polygon_bounds, polygon_pixels
from studio.core.settings import ProjectSettings, Task
from studio.core.sweep import Sweep
from studio.core.taking_over import acceptance
from studio.scribble.model import Scene, ScribbleModel
from studio.scribble.samples import Samples
from studio.store import Store
from tests.bench.table import Row

FRAMES: Final = 12
TARGET: Final = 0.9

_TOLERANCES: Final = (1.5, 2.5, 4, 6, 9, 14, 20, 30)
"""Pixels that a polygon may leave its region's border; the annotator takes what pays best."""

_BRIDGES: Final = (0, 3, 7, 15, 31)
"""Gaps, in pixels, across which parts of a class are outlined together."""

_BRUSHES: Final = (3.0, 6.0, 12.0, 24.0, 48.0)
_SCRIBBLE: Final = 12.0
_STROKES_A_PRESS: Final = 4
_SMALLEST: Final = 12
"""Pixels of the smallest mistake that anybody would correct."""


@dataclass
class Annotator:
    """One frame, its truth, and the actions so far. `hand` is what stays chosen from frame to frame."""

    document: MaskDocument
    truth: Mask
    void: int
    hand: Hand
    actions: int = 0

    @property
    def counted(self) -> Region:
        return self.truth != self.void

    def share(self, mask: Mask) -> float:
        return float((mask == self.truth)[self.counted].mean())

    @property
    def is_done(self) -> bool:
        return self.share(self.document.mask) >= TARGET

    def gain(self, region: Region, value: int) -> int:
        """Pixels that become right less those that become wrong."""
        before = (self.document.mask == self.truth) & self.counted
        after = region & (self.truth == value)
        return int((after & ~before).sum()) - int((before & region & ~after).sum())

    def stroke(self, line: tuple[XY, XY], diameter: float, value: int) -> None:
        self.actions += 1 + self.hand.take_class(value) + self.hand.take_brush(diameter)
        self.document.brush(*line, diameter, value)


Depth = npt.NDArray[np.float32]
"""(H, W) float32: how far inside of a part each of its pixels lies, 0 outside."""

Option = tuple[float, Callable[[], None]]
"""How many pixels an act makes right for each of its actions, and the act."""

Way = Callable[[Annotator, np.ndarray], None]
"""A way to work on one frame, given its picture too."""


@dataclass
class Hand:
    value: int = -1
    brush: float = 24.0

    def take_class(self, value: int) -> int:
        """Choose it; the actions that takes."""
        changes, self.value = int(value != self.value), value
        return changes

    def take_brush(self, diameter: float) -> int:
        changes, self.brush = int(diameter != self.brush), diameter
        return changes


@dataclass(frozen=True)
class Outline:
    points: tuple[XY, ...]
    value: int
    region: Region = field(repr=False)


def with_polygons(annotator: Annotator) -> None:
    """At each step the polygon that makes most pixels right for an action, drawn over what is there."""
    outlines = list(_outlines(annotator))
    while not annotator.is_done:
        best = max(outlines, key=lambda o: annotator.gain(o.region, o.value) / _cost(o, annotator.hand))
        annotator.actions += _cost(best, annotator.hand)
        annotator.hand.take_class(best.value)
        annotator.document.polygon(best.points, best.value)


def _cost(outline: Outline, hand: Hand) -> int:
    return len(outline.points) + 1 + (outline.value != hand.value)


def _outlines(annotator: Annotator) -> Iterator[Outline]:
    """Every part of every class at every tolerance, also several parts together, and the whole picture."""
    height, width = annotator.truth.shape
    whole: tuple[XY, ...] = ((0, 0), (width, 0), (width, height), (0, height))
    for value in np.unique(annotator.truth[annotator.counted]):
        part = (annotator.truth == value).astype(np.uint8)
        yield Outline(whole, int(value), np.ones(part.shape, np.bool_))
        seen: set[tuple[XY, ...]] = set()
        for bridge in _BRIDGES:
            for contour in _contours(part, bridge):
                for tolerance in _TOLERANCES:
                    points = _corners(contour, tolerance)
                    if len(points) >= 3 and points not in seen:
                        seen.add(points)
                        yield Outline(points, int(value), _inside(points, width, height))


def _contours(part: Mask, bridge: int) -> list[np.ndarray]:
    if bridge:
        around = cv2.copyMakeBorder(part, bridge, bridge, bridge, bridge, cv2.BORDER_CONSTANT)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (bridge, bridge))
        part = cv2.morphologyEx(around, cv2.MORPH_CLOSE, disc)[bridge:-bridge, bridge:-bridge]
    found = cv2.findContours(np.ascontiguousarray(part), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    return [contour for contour in found if cv2.contourArea(contour) >= 2 * _SMALLEST]


def _corners(contour: np.ndarray, tolerance: float) -> tuple[XY, ...]:
    return tuple((float(x) + 0.5, float(y) + 0.5) for x, y in cv2.approxPolyDP(contour, tolerance, True)[:, 0])


def _inside(points: tuple[XY, ...], width: int, height: int) -> Region:
    region = np.zeros((height, width), np.bool_)
    rect = polygon_bounds(points, width, height)
    if rect is not None:
        region[rect.slices] = polygon_pixels(rect, points)
    return region


def with_brush_and_fill(annotator: Annotator) -> None:
    """At each step the stroke, or the fill of a part that has no label yet, that makes most pixels right an action."""
    while not annotator.is_done:
        options = [*_fills(annotator), *_strokes(annotator)]
        worth, act = max(options, key=lambda option: option[0])
        assert worth > 0
        act()


def _fills(annotator: Annotator) -> Iterator[Option]:
    """Filling the first part that has no label yet with what most of it is."""
    label = annotator.document.mask
    if not (label == UNLABELLED).any():
        return
    y, x = (int(v[0]) for v in np.nonzero(label == UNLABELLED))
    region, _ = flood_region(label, x, y)
    values, numbers = np.unique(annotator.truth[region & annotator.counted], return_counts=True)
    if not len(values):
        return
    value = int(values[numbers.argmax()])
    cost = 1 + (value != annotator.hand.value)

    def act() -> None:
        annotator.actions += 1 + annotator.hand.take_class(value)
        annotator.document.fill(x, y, value)

    yield annotator.gain(region, value) / cost, act


def _strokes(annotator: Annotator) -> Iterator[Option]:
    """A stroke of every size through the largest mistake of every class."""
    for value, depth in _mistakes(annotator, annotator.document.mask):
        for diameter in _BRUSHES:
            line = _line_through(depth, diameter)
            if line is None:
                continue
            region = _swept(annotator.truth.shape, line, diameter)
            hand = annotator.hand
            cost = 1 + (value != hand.value) + (diameter != hand.brush)
            act = lambda line=line, diameter=diameter, value=value: annotator.stroke(line, diameter, value)  # noqa: E731
            yield annotator.gain(region, value) / cost, act


def _mistakes(annotator: Annotator, mask: Mask) -> list[tuple[int, Depth]]:
    """Of each class the largest connected part that is wrong, largest first, as its pixels' depths."""
    found: list[tuple[int, int, Depth]] = []
    wrong = (mask != annotator.truth) & annotator.counted
    for value in np.unique(annotator.truth[annotator.counted]):
        part = (wrong & (annotator.truth == value)).astype(np.uint8)
        _, numbered, about, _ = cv2.connectedComponentsWithStats(part, connectivity=4)
        sizes = about[1:, cv2.CC_STAT_AREA]
        if len(sizes) and sizes.max() >= _SMALLEST:
            found.append((int(sizes.max()), int(value), _depth(numbered == 1 + int(sizes.argmax()))))
    return [(value, depth) for _, value, depth in sorted(found, key=lambda one: -one[0])]


def _depth(part: Region) -> Depth:
    return np.asarray(cv2.distanceTransform(np.pad(part, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1])


def _line_through(depth: Depth, diameter: float) -> tuple[XY, XY] | None:
    """The longest straight line through a part's innermost pixel along which the brush stays about inside."""
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    margin = 0.4 * diameter
    if diameter == _BRUSHES[0]:
        margin = min(margin, 0.9 * float(depth[y, x]))  # the finest brush reaches everything
    if depth[y, x] < margin:
        return None
    best: tuple[float, tuple[XY, XY]] | None = None
    for angle in np.linspace(0, np.pi, 16, endpoint=False):
        step = np.array((np.cos(angle), np.sin(angle)))
        ends = [_walk(depth, (int(x), int(y)), step * side, margin) for side in (1, -1)]
        length = float(np.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]))
        if best is None or length > best[0]:
            best = length, (ends[0], ends[1])
    return best[1] if best else None


def _walk(depth: Depth, start: tuple[int, int], step: np.ndarray, margin: float) -> XY:
    place = np.array(start, np.float64)
    while True:
        following = place + 2 * step
        column, row = round(float(following[0])), round(float(following[1]))
        inside = 0 <= row < depth.shape[0] and 0 <= column < depth.shape[1]
        if not inside or depth[row, column] < margin:
            return float(place[0]) + 0.5, float(place[1]) + 0.5
        place = following


def _swept(shape: tuple[int, ...], line: tuple[XY, XY], diameter: float) -> Region:
    region = np.zeros(shape, np.bool_)
    sweep = Sweep.even(*line, diameter)
    for band in sweep.bands(shape[1], shape[0]):
        region[band.slices] |= sweep.pixels(band)
    return region


class Scribbling:
    """A few strokes where most is wrong, then the key that proposes, then again; the strokes of all frames count."""

    def __init__(self, classes: tuple[LabelClass, ...]) -> None:
        self._classes = classes
        self._earlier: list[Samples] = []
        self._frame = 0

    def __call__(self, annotator: Annotator, picture: np.ndarray) -> None:
        scene, self._frame = Scene.of(picture), self._frame + 1
        document = annotator.document
        proposed = document.mask.copy()
        while True:
            now = scene.samples(document.mask, seed=self._frame)
            if len(now.classes) or self._earlier:
                model = ScribbleModel.learn([*self._earlier, now] if len(now.classes) else self._earlier, threads=2)
                proposed = model.propose(scene).mask
                annotator.actions += 1
            merged = np.where(document.mask == UNLABELLED, proposed, document.mask)
            if annotator.share(merged) >= TARGET:
                break
            for _ in range(_STROKES_A_PRESS):
                self._correct(annotator, merged)
        if len(now.classes):
            self._earlier.append(now)
        annotator.actions += 1
        edit = acceptance(
            document.mask, proposed, self._classes, document.protection, "accepting the prediction", replace=False
        )
        if edit is not None:
            document.carry_out(edit)
        assert annotator.is_done

    def _correct(self, annotator: Annotator, merged: Mask) -> None:
        """A stroke through the largest mistake; `merged`, the label with its proposal, follows."""
        for value, depth in _mistakes(annotator, merged):
            for diameter in (_SCRIBBLE, _SCRIBBLE / 2):
                line = _line_through(depth, diameter)
                if line is not None:
                    annotator.stroke(line, diameter, value)
                    merged[_swept(merged.shape, line, diameter)] = value
                    return


def measure() -> list[Row]:
    data = Path(os.environ.get("STUDIO_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "camvid11"
    if not data.is_dir():
        return [Row(what="effort", budget="–", measured="not measured: the data set camvid11 is not there")]
    classes = tuple(make_classes((data / "codes.txt").read_text().split()))
    void = next(c.id for c in classes if c.void)
    names = (data / "valid.txt").read_text().split()
    chosen = [names[round(i)] for i in np.linspace(0, len(names) - 1, FRAMES)]
    polygons = _work(data, chosen, classes, void, lambda annotator, _picture: with_polygons(annotator))
    brush = _work(data, chosen, classes, void, lambda annotator, _picture: with_brush_and_fill(annotator))
    scribbles = _work(data, chosen, classes, void, Scribbling(classes))
    what = f"effort: {FRAMES} frames, {TARGET:.0%} of the pixels right"
    allowed = sum(polygons) / 3
    return [
        Row(what=f"{what}, polygons alone", budget="–", measured=_said(polygons)),
        Row(what=f"{what}, brush and fill", budget="–", measured=_said(brush)),
        Row(
            what=f"{what}, scribbles and proposals",
            budget=f"≤ {allowed:.0f} actions (a third of polygons)",
            measured=_said(scribbles),
            met=sum(scribbles) <= allowed,
        ),
    ]


def _said(actions: list[int]) -> str:
    return f"{sum(actions)} actions ({', '.join(map(str, actions))})"


def _work(data: Path, names: list[str], classes: tuple[LabelClass, ...], void: int, way: Way) -> list[int]:
    """The actions for each frame, in a project of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ProjectSettings(name="effort", task=Task.SEGMENTATION, classes=classes)
        with Store.create(Path(folder) / "project", settings) as store:
            ids = store.add_items(NewItem(name=name, path=data / "images" / name) for name in names)
            hand, actions = Hand(), []
            for item, name in zip(ids, names, strict=True):
                truth = cv2.imread(str(data / "labels" / f"{Path(name).stem}_P.png"), cv2.IMREAD_GRAYSCALE)
                document = store.open_document(item)
                assert isinstance(document, MaskDocument)
                annotator = Annotator(document, np.asarray(truth, np.uint8), void, hand)
                way(annotator, read_image(data / "images" / name))
                actions.append(annotator.actions)
            return actions
