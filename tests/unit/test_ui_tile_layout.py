"""Where the parts of a tile lie, at any size, for every task."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect

from studio.core.settings import TAG_TASKS, Task
from studio.ui.review.tile_layout import TileMeasures

_measures = st.builds(
    TileMeasures,
    task=st.sampled_from(list(Task)),
    classes=st.integers(1, 40),
    line=st.integers(12, 30),
    small_line=st.integers(10, 26),
)


@given(_measures, st.integers(120, 1100), st.floats(0.5, 2.4))
def test_nothing_in_a_tile_lies_over_anything_else_or_outside(
    measures: TileMeasures, width: int, aspect: float
) -> None:
    layout = measures.layout(width, aspect)
    parts = [*layout.panes, layout.caption, *([layout.answers] if not layout.answers.isNull() else [])]
    tile = QRect(0, 0, width, layout.height)
    for number, part in enumerate(parts):
        assert part.width() > 0 and part.height() > 0
        assert tile.contains(part)
        assert not any(part.intersects(other) for other in parts[:number])
    assert layout.answers.isNull() == (measures.task not in TAG_TASKS)


@given(_measures, st.integers(120, 1100), st.floats(0.5, 2.4))
def test_answers_have_room_for_whole_rows_where_they_are_under_the_picture(
    measures: TileMeasures, width: int, aspect: float
) -> None:
    layout = measures.layout(width, aspect)
    if measures.task in TAG_TASKS and layout.answers.top() > layout.panes[0].bottom():
        rows, rest = divmod(layout.answers.height(), measures.answer_row)
        assert rest == 0
        assert 1 <= rows <= min(3, measures.classes)


def test_masks_have_three_pictures_side_by_side_where_there_is_room_and_else_one() -> None:
    measures = TileMeasures(Task.SEGMENTATION, classes=5, line=16, small_line=13)
    assert [len(measures.layout(width, 1.5).panes) for width in (120, 299, 300, 900)] == [1, 1, 3, 3]
