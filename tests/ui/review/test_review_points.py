"""Points on a tile: how far each is off, written where it hides nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QFont, QImage

from studio.core.points import Keypoint, Points, Visibility
from studio.ui.review.point_marks import distance_in_words, mark_points, placed_distances

pytestmark = pytest.mark.usefixtures("qapp")

ROOM = QRectF(0, 0, 320, 240)
_place = st.tuples(st.floats(0, 320), st.floats(0, 240))


@settings(max_examples=40)
@given(st.lists(st.tuples(_place, _place, st.floats(0, 400)), max_size=40))
def test_distances_stay_in_the_picture_and_hide_neither_points_nor_each_other(
    pairs: list[tuple[tuple[float, float], tuple[float, float], float]],
) -> None:
    lines = [(QLineF(*a, *b), pixels, QColor("#ffffff")) for a, b, pixels in pairs]
    marks = [QRectF(x - 5, y - 5, 10, 10) for a, b, _ in pairs for x, y in (a, b)]
    boxes = [box for box, _, _ in placed_distances(lines, ROOM, marks, QFont())]
    for number, box in enumerate(boxes):
        assert ROOM.contains(box)
        assert not any(box.intersects(other) for other in (*marks, *boxes[:number]))


def test_the_largest_distances_are_written_where_not_all_have_room() -> None:
    lines = [(QLineF(150, 100, 160, 110), float(pixels), QColor("#ffffff")) for pixels in range(1, 60)]
    written = [words for _, words, _ in placed_distances(lines, QRectF(100, 60, 120, 90), [], QFont())]
    assert written[:2] == ["59 px", "58 px"]
    assert len(written) < 59


@pytest.mark.parametrize(("pixels", "words"), [(0.0, "0.0 px"), (3.14, "3.1 px"), (12.4, "12 px"), (250, "250 px")])
def test_a_distance_is_as_exact_as_it_is_worth(pixels: float, words: str) -> None:
    assert distance_in_words(pixels) == words


def drawn(*, written_from: int, absent: bool = False) -> QImage:
    image = QImage(200, 160, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    seen = Visibility.ABSENT if absent else Visibility.VISIBLE
    label = Points((Keypoint(index=0, x=40, y=80, visibility=seen),))
    predicted = Points((Keypoint(index=0, x=120, y=80),))
    mark_points(
        image,
        label,
        predicted,
        QRectF(0, 0, 200, 160),
        colors=["#00ff00"],
        line=(255, 0, 0),
        written_from=written_from,
    )
    return image


def test_label_and_prediction_are_joined_by_a_line_in_the_colour_of_what_differs() -> None:
    assert drawn(written_from=100).pixelColor(70, 80) == QColor(255, 0, 0)
    assert drawn(written_from=100, absent=True).pixelColor(70, 80) == QColor("#808080"), "nothing to join"


def test_a_small_picture_has_no_room_for_words() -> None:
    small, large = drawn(written_from=161), drawn(written_from=160)
    assert small != large
    white = [(x, y) for x in range(200) for y in range(160) if large.pixelColor(x, y).lightness() > 220]
    assert white and not any(small.pixelColor(x, y).lightness() > 220 for x, y in white)
