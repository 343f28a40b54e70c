"""Shapes: what they cover, run lengths, outlines, and which shapes an edited mask still has."""

from __future__ import annotations

import tracemalloc

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from studio.core.outlines import outline
from studio.core.raster import Rect, ring_pixels
from studio.core.run_lengths import compress, expand, lengths_of, region_from
from studio.core.shape_changes import ShapesNow, shapes_now
from studio.core.shape_painting import covered, paint
from studio.core.shapes import Bitmap, Carried, Shape, ShapeKind

regions = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
masks = hnp.arrays(np.uint8, (9, 11), elements=st.sampled_from([0, 1, 2, 255]))
coordinates = st.integers(-4, 40).map(lambda quarter: quarter / 4 * 1.1)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=7).map(tuple)


def polygon(*rings_of_part: tuple[tuple[float, float], ...], class_id: int = 1, **more: object) -> Shape:
    shape = Shape(kind=ShapeKind.POLYGON, label="thing", class_id=class_id, parts=(rings_of_part,))
    return msgspec.structs.replace(shape, **more)


def box(x: float, y: float, right: float, bottom: float, *, class_id: int = 1, **more: object) -> Shape:
    shape = Shape(kind=ShapeKind.RECTANGLE, label="box", class_id=class_id, points=((x, y), (right, bottom)))
    return msgspec.structs.replace(shape, **more)


def carried(*shapes: Shape, width: int = 11, height: int = 9, fill: int = 0) -> Carried:
    return Carried(source="test", width=width, height=height, shapes=shapes, fill=fill)


def whole(shape: Shape, width: int, height: int) -> np.ndarray:
    """The covered pixels as (height, width) bool."""
    region = np.zeros((height, width), np.bool_)
    found = covered(shape, width, height)
    if found is not None:
        region[found[0].slices] = found[1]
    return region


def repainted(now: ShapesNow, before: Carried) -> np.ndarray:
    return paint(msgspec.structs.replace(before, shapes=now.shapes))


@given(regions)
def test_run_lengths_are_those_of_pycocotools_and_lead_back(region: np.ndarray) -> None:
    from pycocotools import mask as coco

    height, width = region.shape
    lengths = lengths_of(region)
    theirs = coco.encode(np.asfortranarray(region.astype(np.uint8)))
    assert compress(lengths) == theirs["counts"].decode()
    assert expand(compress(lengths)) == lengths
    assert (region_from(lengths, width, height) == region).all()


@given(st.lists(st.integers(0, 10**7), max_size=20))
def test_any_run_lengths_survive_being_compressed(lengths: list[int]) -> None:
    assert expand(compress(lengths)) == lengths


@pytest.mark.parametrize("text", ["P", "\x7f", "é", "p" * 20])
def test_text_that_is_no_run_lengths_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="run lengths"):
        expand(text)


def test_run_lengths_that_do_not_fill_their_mask_are_refused() -> None:
    with pytest.raises(ValueError, match="add up to 5"):
        region_from([2, 3], 2, 3)


@given(rings, rings)
def test_what_lies_in_two_rings_is_a_hole(
    one: tuple[tuple[float, float], ...], other: tuple[tuple[float, float], ...]
) -> None:
    rect = Rect(1, 2, 9, 7)
    together = ring_pixels(rect, [one, other])
    assert np.array_equal(together, ring_pixels(rect, [one]) ^ ring_pixels(rect, [other]))


def test_filling_a_large_polygon_takes_little_more_memory_than_its_pixels() -> None:
    rect = Rect(0, 0, 3000, 1000)
    tracemalloc.start()
    try:
        region = ring_pixels(rect, [((1.0, 1.0), (2999.0, 10.0), (1500.0, 990.0))])
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert region.any()
    assert most < 3 * region.nbytes


@given(regions)
def test_an_outline_filled_is_the_region_again(region: np.ndarray) -> None:
    height, width = region.shape
    ring = outline(region, x=3, y=2)
    shape = Shape(kind=ShapeKind.POLYGON, label="", parts=(ring,))
    assert (whole(shape, width + 3, height + 2)[2:, 3:] == region).all()


def test_a_hole_stays_free_and_parts_are_united() -> None:
    hole = polygon(((1.0, 1.0), (9.0, 1.0), (9.0, 8.0), (1.0, 8.0)), ((3.0, 3.0), (6.0, 3.0), (6.0, 6.0), (3.0, 6.0)))
    assert whole(hole, 11, 9).sum() == 8 * 7 - 9
    overlap = msgspec.structs.replace(hole, parts=(*hole.parts, (((2.0, 2.0), (5.0, 2.0), (5.0, 5.0), (2.0, 5.0)),)))
    assert whole(overlap, 11, 9).sum() == 8 * 7 - 9 + 4


@pytest.mark.parametrize("kind", [ShapeKind.CIRCLE, ShapeKind.ELLIPSE])
def test_round_shapes_cover_about_their_area(kind: ShapeKind) -> None:
    rim = (80.0, 50.0) if kind is ShapeKind.CIRCLE else (80.0, 65.0)
    shape = Shape(kind=kind, label="", points=((50.0, 50.0), rim), rotation=30.0)
    area = np.pi * 30 * (30 if kind is ShapeKind.CIRCLE else 15)
    assert whole(shape, 100, 100).sum() == pytest.approx(area, rel=0.01)


def test_a_turned_rectangle_keeps_its_area_and_its_middle() -> None:
    turned = whole(box(20, 30, 60, 50, rotation=90.0), 100, 100)
    rows, columns = np.nonzero(turned)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (30, 50, 20, 60)


def test_lines_and_points_paint_only_with_a_width() -> None:
    line = Shape(kind=ShapeKind.LINESTRIP, label="", points=((2.0, 2.0), (8.0, 2.0), (8.0, 7.0)))
    assert not whole(line, 11, 9).any()
    assert whole(msgspec.structs.replace(line, stroke=2.0), 11, 9)[1:3, 2:9].all()
    point = Shape(kind=ShapeKind.POINTS, label="", points=((2.5, 2.5), (8.5, 6.5)), stroke=1.0)
    assert np.argwhere(whole(point, 11, 9)).tolist() == [[2, 2], [6, 8]]


def test_a_shape_outside_of_the_picture_covers_nothing_and_one_across_its_edge_a_part() -> None:
    assert covered(box(20, 20, 30, 30), 11, 9) is None
    assert whole(box(-5, -5, 2, 2), 11, 9).sum() == 4
    assert whole(Shape(kind=ShapeKind.MASK, label="", bitmap=Bitmap.of(np.ones((4, 4), np.bool_), x=9, y=-2)), 11, 9)[
        :2, 9:
    ].all()


def test_higher_layers_are_painted_over_lower_ones() -> None:
    mask = paint(carried(box(0, 0, 6, 6, class_id=1, layer=2), box(3, 3, 9, 9, class_id=2, layer=1)))
    assert mask[4, 4] == 1
    assert mask[7, 7] == 2
    assert mask[0, 10] == 0


@given(masks)
def test_a_mask_without_shapes_becomes_shapes_that_paint_it(mask: np.ndarray) -> None:
    now = shapes_now(mask, None, fill=0)
    again = paint(carried(*now.shapes))
    assert (again == np.where(mask == 255, 0, mask)).all()
    assert not any(now.same)


shapes = st.builds(
    lambda ring, second, class_id, layer: polygon(ring, second, class_id=class_id, layer=layer),
    rings,
    rings,
    st.sampled_from([1, 2]),
    st.integers(0, 2),
)


@settings(max_examples=300)
@given(st.lists(shapes, max_size=5), masks, st.floats(0, 1), st.randoms(use_true_random=False))
def test_an_edited_mask_is_painted_again_by_its_shapes(
    given_shapes: list[Shape], edit: np.ndarray, share: float, random: object
) -> None:
    before = carried(*given_shapes)
    mask = paint(before)
    where = np.random.default_rng(random.randrange(10**6)).random(mask.shape) < share  # type: ignore[attr-defined]
    edited = np.where(where, edit, mask)
    now = shapes_now(edited, before)
    assert (repainted(now, before) == np.where(edited == 255, 0, edited)).all()
    for shape, same in zip(now.shapes, now.same, strict=True):
        assert not same or shape in given_shapes
    if (edited == mask).all():
        assert now == ShapesNow(shapes=tuple(given_shapes), same=(True,) * len(given_shapes))


def test_only_the_shape_whose_pixels_changed_is_redrawn() -> None:
    before = carried(box(0, 0, 4, 4, group=7), box(6, 0, 10, 4, flags={"seen": True}))
    mask = paint(before)
    mask[1, 7] = 0
    now = shapes_now(mask, before)
    assert now.same == (True, False)
    assert now.shapes[0] == before.shapes[0]
    assert now.shapes[1].flags == {"seen": True}
    assert whole(now.shapes[1], 11, 9).sum() == 15


def test_a_shape_of_which_ten_thousand_specks_are_left_keeps_them_all() -> None:
    """Where each speck is sought in the whole picture this takes half a minute."""
    before = Carried(source="test", width=500, height=500, shapes=(box(0, 0, 500, 500),), fill=0)
    mask = np.zeros((500, 500), np.uint8)
    mask[::5, ::5] = 1
    now = shapes_now(mask, before)
    assert [len(shape.parts) for shape in now.shapes] == [10_000]
    assert np.array_equal(paint(msgspec.structs.replace(before, shapes=now.shapes)), mask)


def test_an_erased_shape_is_dropped_and_a_new_region_is_a_new_shape() -> None:
    before = carried(box(0, 0, 4, 4), box(6, 0, 10, 4))
    mask = paint(before)
    mask[:, 5:] = 0
    mask[6:8, 6:8] = 2
    now = shapes_now(mask, before)
    assert now.dropped == 1
    assert now.shapes[0] == before.shapes[0]
    assert (now.shapes[1].class_id, now.shapes[1].label) == (2, "")
    assert whole(now.shapes[1], 11, 9).sum() == 4


def test_what_is_painted_on_to_a_shape_becomes_a_part_of_it() -> None:
    before = carried(box(0, 0, 4, 4, group="a"), box(7, 0, 9, 4, group="b"))
    mask = paint(before)
    mask[0:4, 4:6] = 1
    now = shapes_now(mask, before)
    assert [shape.group for shape in now.shapes] == ["a", "b"]
    assert whole(now.shapes[0], 11, 9).sum() == 24
    assert now.shapes[1] == before.shapes[1]


def test_neighbours_of_one_class_stay_apart_when_both_are_edited() -> None:
    before = carried(box(0, 0, 4, 4, group=1), box(4, 0, 8, 4, group=2))
    mask = paint(before)
    mask[0, 0] = mask[0, 7] = 0
    now = shapes_now(mask, before)
    assert [whole(shape, 11, 9).sum() for shape in now.shapes] == [15, 15]
    assert [shape.group for shape in now.shapes] == [1, 2]


def test_the_hidden_part_of_an_edited_shape_is_kept() -> None:
    before = carried(box(0, 0, 8, 8), box(2, 2, 6, 6, class_id=2))
    mask = paint(before)
    mask[7, 7] = 0
    now = shapes_now(mask, before)
    assert whole(now.shapes[0], 11, 9).sum() == 63
    assert now.same == (False, True)


def test_a_bitmap_stays_a_bitmap_when_it_is_redrawn() -> None:
    shape = Shape(kind=ShapeKind.MASK, label="", class_id=1, bitmap=Bitmap.of(np.ones((4, 5), np.bool_), x=2, y=1))
    before = carried(shape)
    mask = paint(before)
    mask[1, 2] = 0
    (now,) = shapes_now(mask, before).shapes
    assert now.kind is ShapeKind.MASK
    assert whole(now, 11, 9).sum() == 19


def test_shapes_that_paint_nothing_are_kept_whatever_is_edited() -> None:
    line = Shape(kind=ShapeKind.LINE, label="crack", class_id=1, points=((0.0, 0.0), (5.0, 5.0)))
    tag = Shape(kind=ShapeKind.NOTHING, label="night")
    before = carried(line, tag)
    now = shapes_now(np.full((9, 11), 2, np.uint8), before)
    assert now.shapes[:2] == (line, tag)


def test_carried_shapes_survive_as_json() -> None:
    before = carried(box(0, 0, 4, 4, group="g", flags={"a": False}, attributes={"n": 1}, rest={"id": 5}))
    assert msgspec.json.decode(msgspec.json.encode(before), type=Carried) == before
