"""A brush on its way is judged pixel by pixel against exact arithmetic on fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studio.core.raster import Rect
from studio.core.sweep import BrushShape, Sweep

WIDTH, HEIGHT = 26, 20
# Eighths of a pixel, also outside of the mask: exact both as floats and as fractions.
EIGHTHS = st.integers(-20 * 8, 60 * 8).map(lambda n: n / 8)
PLACES = st.tuples(EIGHTHS, EIGHTHS)
DIAMETERS = st.integers(1, 25 * 8).map(lambda n: n / 8)
HALF = Fraction(1, 2)
ROUND, SQUARE = BrushShape.ROUND, BrushShape.SQUARE


def covered_by_brush(x: int, y: int, a: tuple[float, float], b: tuple[float, float], diameter: float) -> bool:
    """Whether a pixel's centre is within diameter / 2 of the segment, without any rounding."""
    px, py = x + HALF, y + HALF
    ax, ay, bx, by = (Fraction(v) for v in (*a, *b))
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    t = ((px - ax) * dx + (py - ay) * dy) / length if length else Fraction(0)
    t = min(max(t, Fraction(0)), Fraction(1))
    return (px - ax - t * dx) ** 2 + (py - ay - t * dy) ** 2 <= (Fraction(diameter) / 2) ** 2


@settings(deadline=None, max_examples=50)
@given(PLACES, PLACES, DIAMETERS)
@example((10.5, 10.5), (10.5, 10.5), 10.0)  # centres at exactly the radius (3-4-5)
@example((5.0, 5.0), (20.0, 25.0), 10.0)  # a border through centres
@example((-30.0, -30.0), (60.0, 60.0), 3.0)  # from outside to outside
@example((10.0, 10.0), (10.0, 10.0), 1.0)  # touches no centre
def test_a_brush_paints_exactly_the_pixels_whose_centre_it_reaches(
    a: tuple[float, float], b: tuple[float, float], diameter: float
) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)

    dirty = Sweep.even(a, b, diameter).paint(mask, 7)

    expected = np.array([[covered_by_brush(x, y, a, b, diameter) for x in range(WIDTH)] for y in range(HEIGHT)])
    assert np.array_equal(mask == 7, expected)
    assert set(np.unique(mask)) <= {0, 7}
    outside = np.ones_like(expected)
    if dirty is not None:
        outside[dirty.slices] = False
    assert not (expected & outside).any()


@settings(deadline=None, max_examples=40)
@given(st.tuples(st.floats(-300, 900), st.floats(-300, 900)), st.tuples(st.floats(-300, 900), st.floats(-300, 900)))
def test_any_float_stroke_over_many_bands_agrees_with_a_distance_away_from_the_border(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    mask = np.zeros((600, 500), np.uint8)
    Sweep.even(a, b, 61.0).paint(mask, 1)

    ys, xs = np.mgrid[0:600, 0:500] + 0.5
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(dx * dx + dy * dy, 1e-300)
    t = np.clip(((xs - a[0]) * dx + (ys - a[1]) * dy) / length, 0, 1)
    distance = np.hypot(xs - a[0] - t * dx, ys - a[1] - t * dy)
    clear = np.abs(distance - 30.5) > 1e-6
    assert np.array_equal((mask == 1)[clear], (distance <= 30.5)[clear])


def test_the_bands_of_a_long_slanting_stroke_cover_far_less_than_its_bounding_box() -> None:
    bands = list(Sweep.even((10, 10), (7000, 4000), 24).bands(7680, 4320))
    area = sum(band.width * band.height for band in bands)
    assert area < 0.06 * 7000 * 4000
    assert all(upper.bottom == lower.y for upper, lower in pairwise(bands))


def test_a_stroke_beside_the_mask_changes_nothing_and_says_so() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert Sweep.even((-50, 5), (-30, 5), 10).paint(mask, 1) is None
    assert Sweep.even((5, 500), (30, 500), 10).paint(mask, 1) is None
    assert not mask.any()


Corner = tuple[Fraction, Fraction]


def hull(points: list[Corner]) -> list[Corner]:
    """The convex hull, anticlockwise, by Andrew's monotone chain."""

    def half(ordered: list[Corner]) -> list[Corner]:
        chain: list[Corner] = []
        for p in ordered:
            while len(chain) >= 2 and turn(chain[-2], chain[-1], p) <= 0:
                chain.pop()
            chain.append(p)
        return chain[:-1]

    ordered = sorted(set(points))
    return half(ordered) + half(ordered[::-1])


def turn(a: Corner, b: Corner, c: Corner) -> Fraction:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def corners(centre: tuple[float, float], side: float) -> list[Corner]:
    x, y, half = Fraction(centre[0]), Fraction(centre[1]), Fraction(side) / 2
    return [(x + sx * half, y + sy * half) for sx in (-1, 1) for sy in (-1, 1)]


@settings(deadline=None, max_examples=60)
@given(PLACES, PLACES, DIAMETERS, DIAMETERS)
@example((10.5, 10.5), (10.5, 10.5), 3.0, 3.0)  # nine pixels
@example((10.0, 10.0), (10.0, 10.0), 4.0, 2.0)  # on the spot
@example((5.0, 5.0), (20.0, 20.0), 2.0, 2.0)  # borders through centres
@example((10.0, 10.0), (11.0, 10.0), 20.0, 2.0)  # one lies in the other
def test_a_square_brush_covers_the_convex_hull_of_its_two_ends(
    a: tuple[float, float], b: tuple[float, float], start: float, end: float
) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)

    Sweep(a, b, start, end, SQUARE).paint(mask, 7)

    outline = hull(corners(a, start) + corners(b, end))
    edges = list(pairwise([*outline, outline[0]]))
    expected = [
        [all(turn(p, q, (x + HALF, y + HALF)) >= 0 for p, q in edges) for x in range(WIDTH)] for y in range(HEIGHT)
    ]
    assert np.array_equal(mask == 7, np.array(expected))


@settings(deadline=None, max_examples=60)
@given(PLACES, PLACES, DIAMETERS, DIAMETERS)
@example((10.0, 10.0), (10.0, 10.0), 4.0, 9.0)  # on the spot
@example((10.0, 10.0), (12.0, 10.0), 20.0, 2.0)  # one lies in the other
@example((5.0, 10.0), (15.0, 10.0), 2.0, 22.0)  # one touches the other from inside
@example((3.0, 3.0), (22.0, 16.0), 1.0, 12.0)
def test_a_round_brush_under_pressure_covers_the_convex_hull_of_its_two_ends(
    a: tuple[float, float], b: tuple[float, float], start: float, end: float
) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)

    Sweep(a, b, start, end).paint(mask, 7)

    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    distance = outside_of_discs(xs, ys, a, b, start / 2, end / 2)
    clear = np.abs(distance) > 1e-9
    assert np.array_equal((mask == 7)[clear], (distance <= 0)[clear])


def outside_of_discs(
    xs: np.ndarray, ys: np.ndarray, a: tuple[float, float], b: tuple[float, float], r0: float, r1: float
) -> np.ndarray:
    """Signed distance from the convex hull of two discs, by its support function: the hull lies within every tangent,
    so the largest overhang over all directions is the distance, exact in the directions from `a`, from `b` and of the
    two common tangents."""
    length = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    from_a = np.hypot(xs - a[0], ys - a[1]) - r0
    from_b = np.hypot(xs - b[0], ys - b[1]) - r1
    if length <= abs(r1 - r0):
        return from_b if r1 > r0 else from_a
    ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    lean = (r0 - r1) / length
    side = np.sqrt(1 - lean * lean)
    along = (xs - a[0]) * ux + (ys - a[1]) * uy
    across = np.abs((ys - a[1]) * ux - (xs - a[0]) * uy)
    from_tangent = along * lean + across * side - r0
    touches = along * side - across * lean  # how far along the tangent, from its first touching point
    reach = length * side
    return np.where(touches < 0, from_a, np.where(touches > reach, from_b, from_tangent))


@pytest.mark.parametrize("shape", [ROUND, SQUARE])
def test_the_bands_hold_everything_that_a_sweep_covers(shape: BrushShape) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        (ax, bx), (ay, by) = rng.uniform(-50, 350, 2), rng.uniform(-50, 250, 2)
        sweep = Sweep((ax, ay), (bx, by), rng.uniform(1, 90), rng.uniform(1, 90), shape)
        whole = np.zeros((200, 300), np.uint8)
        whole[sweep.pixels(Rect(0, 0, 300, 200))] = 1
        banded = np.zeros_like(whole)
        sweep.paint(banded, 1)
        assert np.array_equal(whole, banded)


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.floats(-200, 900), st.floats(-200, 500)),
    st.tuples(st.floats(-200, 900), st.floats(-200, 500)),
    st.floats(1, 400),
    st.floats(1, 400),
    st.sampled_from(list(BrushShape)),
)
@example((300.0, 200.0), (300.0, 200.0), 301.0, 301.0, ROUND)
@example((0.0, 0.0), (700.0, 300.0), 3.0, 3.0, ROUND)  # thin and slanting: most probes miss it
@example((300.5, 200.5), (600.5, 200.5), 120.0, 480.0, SQUARE)
def test_a_wide_brush_covers_the_same_pixels_as_many_narrow_pieces_of_its_ground(
    a: tuple[float, float], b: tuple[float, float], start: float, end: float, shape: BrushShape
) -> None:
    sweep = Sweep(a, b, start, end, shape)
    whole = sweep.pixels(Rect(10, 20, 700, 400))
    pieces = [sweep.pixels(Rect(x, 20, 100, 400)) for x in range(10, 710, 100)]
    assert np.array_equal(whole, np.concatenate(pieces, axis=1))
