"""The shape of an instance, taken and placed again."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio.core.point_templates import Box, box_between, mean_template, placed_in, template_of
from studio.core.points import Keypoint, Points, Visibility

SIZE = (400, 300)
coordinates = st.floats(0, 300, allow_nan=False, width=32)
seen = st.sampled_from([Visibility.VISIBLE, Visibility.HIDDEN])


@st.composite
def an_instance(draw: st.DrawFn) -> Points:
    number = draw(st.integers(2, 6))
    return Points().updated(
        Keypoint(index=i, instance=1, x=draw(coordinates), y=draw(coordinates), visibility=draw(seen))
        for i in range(number)
    )


def bounds(points: Points) -> Box:
    xs, ys = [p.x for p in points.placed], [p.y for p in points.placed]
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


@given(an_instance())
def test_a_template_placed_in_the_box_it_was_taken_from_gives_the_instance_back(points: Points) -> None:
    box = bounds(points)
    assume(box.width > 0.01 and box.height > 0.01)
    template = template_of("t", points, 1)
    assert template is not None
    again = placed_in(template, box, instance=1, size=SIZE)
    assert [(p.index, p.visibility) for p in again] == [(p.index, p.visibility) for p in points.placed]
    for new, old in zip(again, points.placed, strict=True):
        assert (new.x, new.y) == pytest.approx((old.x, old.y), abs=1e-3)


@given(an_instance(), st.tuples(coordinates, coordinates), st.tuples(coordinates, coordinates))
def test_what_is_placed_fills_the_box_and_stays_in_the_picture(points: Points, start, end) -> None:
    template = template_of("t", points, 1)
    assume(template is not None)
    box = box_between(start, end)
    for point in placed_in(template, box, instance=0, size=SIZE):
        assert box.x - 1e-3 <= point.x <= box.x + box.width + 1e-3
        assert 0 <= point.x <= SIZE[0]
        assert 0 <= point.y <= SIZE[1]


@given(st.tuples(coordinates, coordinates), st.tuples(coordinates, coordinates), st.floats(0.1, 10))
def test_a_box_that_keeps_its_aspect_has_it_and_starts_where_the_drag_did(start, end, aspect: float) -> None:
    box = box_between(start, end, aspect=aspect)
    assert box.width == pytest.approx(box.height * aspect, abs=1e-3)
    assert start[0] == pytest.approx(box.x, abs=1e-3) or start[0] == pytest.approx(box.x + box.width, abs=1e-3)
    assert start[1] == pytest.approx(box.y, abs=1e-3) or start[1] == pytest.approx(box.y + box.height, abs=1e-3)


def test_absent_points_are_no_part_of_the_shape() -> None:
    points = Points(
        (
            Keypoint(index=0, x=10, y=10),
            Keypoint(index=1, x=90, y=90, visibility=Visibility.ABSENT),
            Keypoint(index=2, x=30, y=20),
        )
    )
    template = template_of("t", points, 0)
    assert template is not None
    assert [(p.index, p.x, p.y) for p in template.points] == [(0, 0, 0), (2, 1, 1)]
    assert template.aspect == 2


def test_one_point_has_no_shape() -> None:
    assert template_of("t", Points((Keypoint(index=0, x=1, y=1),)), 0) is None


def test_the_mean_is_that_of_the_complete_instances() -> None:
    def three(*xs: float) -> Points:
        return Points(tuple(Keypoint(index=i, x=x, y=10.0 * i) for i, x in enumerate(xs)))

    shapes = [(three(0, 2, 10), 0), (three(0, 4, 10), 0), (three(5, 0), 0)]
    template = mean_template("mean", shapes)
    assert template is not None
    assert [(p.index, p.x, p.y) for p in template.points] == [(0, 0, 0), (1, pytest.approx(0.3), 0.5), (2, 1, 1)]
