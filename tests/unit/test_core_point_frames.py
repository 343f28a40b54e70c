"""Points between two frames, and gaps of a sequence."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.point_frames import Gap, filled, gap_at, gaps, interpolated
from studio.core.points import Keypoint, Points, Visibility

places = st.floats(0, 1000, allow_nan=False, width=32)


@st.composite
def some_points(draw: st.DrawFn) -> Points:
    keys = draw(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=10))
    return Points().updated(
        Keypoint(index=i, instance=n, x=draw(places), y=draw(places), visibility=draw(st.sampled_from(Visibility)))
        for n, i in keys
    )


@given(some_points(), some_points(), st.floats(0, 1))
def test_points_lie_between_their_ends_and_only_where_both_ends_have_them(a: Points, b: Points, share: float) -> None:
    between = interpolated(a, b, share)
    assert between.by_key().keys() == a.by_key().keys() & b.by_key().keys()
    for key, point in between.by_key().items():
        one, other = a.by_key()[key], b.by_key()[key]
        assert min(one.x, other.x) - 1e-6 <= point.x <= max(one.x, other.x) + 1e-6
        assert min(one.y, other.y) - 1e-6 <= point.y <= max(one.y, other.y) + 1e-6
        assert point.visibility is (one if share <= 0.5 else other).visibility


@given(some_points())
def test_between_equal_frames_nothing_moves(points: Points) -> None:
    assert interpolated(points, points, 0.3).by_key().keys() == points.by_key().keys()
    for key, point in interpolated(points, points, 0.3).by_key().items():
        assert (point.x, point.y) == pytest.approx((points.by_key()[key].x, points.by_key()[key].y))


@given(some_points(), some_points(), st.integers(2, 9))
def test_steps_are_equal_and_the_ends_are_left_alone(a: Points, b: Points, length: int) -> None:
    made = filled(a, b, Gap(4, 4 + length))
    common = a.by_key().keys() & b.by_key().keys()
    assert list(made) == (list(range(5, 4 + length)) if common else [])
    for key in common:
        xs = [a.by_key()[key].x, *(made[p].by_key()[key].x for p in sorted(made)), b.by_key()[key].x]
        steps = [later - earlier for earlier, later in itertools.pairwise(xs)]
        assert steps == pytest.approx([steps[0]] * len(steps), abs=1e-3)


@given(st.lists(st.booleans(), max_size=30))
def test_every_frame_without_points_between_two_with_some_is_in_exactly_one_gap(has_points: list[bool]) -> None:
    inside = [position for gap in gaps(has_points) for position in gap.inside]
    known = [p for p, has in enumerate(has_points) if has]
    expected = [p for p, has in enumerate(has_points) if not has and known and known[0] < p < known[-1]]
    assert inside == expected


def test_the_gap_of_a_frame_is_the_one_around_it_or_before_it_or_after_it() -> None:
    frames = [True, False, False, True, False, True, False]
    assert [gap_at(frames, p) for p in range(7)] == [
        Gap(0, 3),
        Gap(0, 3),
        Gap(0, 3),
        Gap(0, 3),
        Gap(3, 5),
        Gap(3, 5),
        None,
    ]
