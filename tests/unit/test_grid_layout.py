"""Where tiles and the heads of groups lie, beside laying them out one by one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize

from studio.ui.review.grid_layout import GAP, GridLayout

CELL = QSize(30, 20)
HEAD = 12
WIDTH = 500

layouts = st.builds(
    lambda sizes, columns, grouped: (sizes if grouped else [sum(sizes)], columns, grouped),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.integers(1, 4),
    st.booleans(),
)


def laid_out(sizes: list[int], columns: int, grouped: bool) -> tuple[GridLayout, list[QRect], list[QRect]]:
    """The layout, and tiles and heads put down one after the other."""
    tiles, heads, y = list[QRect](), list[QRect](), GAP
    for size in sizes:
        if grouped:
            heads.append(QRect(GAP, y, WIDTH - 2 * GAP, HEAD))
            y += HEAD + GAP
        for place in range(size):
            if place and place % columns == 0:
                y += CELL.height() + GAP
            tiles.append(QRect(QPoint(GAP + place % columns * (CELL.width() + GAP), y), CELL))
        y += CELL.height() + GAP
    starts = tuple(sum(sizes[:n]) for n in range(len(sizes)))
    layout = GridLayout(count=sum(sizes), columns=columns, cell=CELL, starts=starts, head=HEAD if grouped else 0)
    assert layout.height == y
    return layout, tiles, heads


@given(layouts)
@settings(deadline=None)
def test_tiles_and_heads_lie_one_after_the_other(drawn: tuple[list[int], int, bool]) -> None:
    layout, tiles, heads = laid_out(*drawn)
    assert [layout.rect(row) for row in range(layout.count)] == tiles
    assert [layout.head_rect(group, width=WIDTH) for group in range(len(heads))] == heads


@given(layouts, st.integers(0, 200), st.integers(0, 900))
@settings(deadline=None)
def test_what_is_at_a_place_is_found(drawn: tuple[list[int], int, bool], x: int, y: int) -> None:
    layout, tiles, heads = laid_out(*drawn)
    place = QPoint(x, y)
    assert layout.row_at(place) == next((row for row, rect in enumerate(tiles) if rect.contains(place)), None)
    over = [group for group, head in enumerate(heads) if head.top() <= y <= head.bottom()]
    assert layout.group_at(place) == (over[0] if over else None)


@given(layouts, st.integers(0, 900), st.integers(0, 400), st.integers(0, 200), st.integers(1, 200))
@settings(deadline=None)
def test_what_a_stripe_or_a_rectangle_touches_is_found(
    drawn: tuple[list[int], int, bool], top: int, high: int, left: int, wide: int
) -> None:
    layout, tiles, heads = laid_out(*drawn)
    rows = layout.rows_between(top, top + high)
    touched = [r for r, rect in enumerate(tiles) if rect.top() <= top + high and rect.bottom() >= top]
    assert set(touched) <= set(rows)
    near = [r for r, rect in enumerate(tiles) if rect.top() - GAP <= top + high and rect.bottom() + GAP >= top]
    assert set(rows) <= set(near)
    groups = layout.groups_between(top, top + high)
    assert set(groups) >= {g for g, head in enumerate(heads) if head.top() <= top + high and head.bottom() >= top}
    rect = QRect(left, top, wide, high + 1)
    found = {row for first, last in layout.rows_touching(rect) for row in range(first, last + 1)}
    assert found >= {row for row, tile in enumerate(tiles) if tile.intersects(rect)}
    assert found <= {row for row, tile in enumerate(tiles) if tile.adjusted(-GAP, -GAP, GAP, GAP).intersects(rect)}


@given(layouts, st.data())
@settings(deadline=None)
def test_a_step_down_goes_to_the_next_line_and_back(drawn: tuple[list[int], int, bool], data: st.DataObject) -> None:
    layout, tiles, _heads = laid_out(*drawn)
    row = data.draw(st.integers(0, layout.count - 1))
    lines = sorted({tile.top() for tile in tiles})
    line = lines.index(tiles[row].top())
    below = layout.stepped(row, 1)
    if line + 1 == len(lines):
        assert below == row
    else:
        assert tiles[below].top() == lines[line + 1]
        assert tiles[below].left() <= tiles[row].left()
        back = layout.stepped(below, -1)
        assert tiles[back].top() == tiles[row].top()
    assert tiles[layout.stepped(row, len(lines))].top() == lines[-1]
    assert tiles[layout.stepped(row, -len(lines))].top() == lines[0]


def test_an_empty_layout_has_nothing_anywhere() -> None:
    layout = GridLayout(count=0, columns=3, cell=CELL)
    assert layout.height == GAP
    assert layout.row_at(QPoint(20, 20)) is None
    assert not layout.rows_between(0, 100)
    assert not list(layout.rows_touching(QRect(0, 0, 50, 50)))
