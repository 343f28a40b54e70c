"""Where the tiles and the heads of groups lie. All tiles have one size, so every question is arithmetic and a search
among the groups, whatever the count."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize

GAP: Final = 10


@dataclass(frozen=True, kw_only=True)
class GridLayout:
    """`count` tiles of the size `cell` in `columns`. A group begins at each of the rows `starts`, ascending from 0, in
    a line of its own below a head `head` pixels high; without groups it is one group and `head` is 0. A place is told
    in pixels from the corner of the whole."""

    count: int
    columns: int
    cell: QSize
    starts: tuple[int, ...] = (0,)
    head: int = 0

    @property
    def height(self) -> int:
        return self._tops[-1]

    def rect(self, row: int) -> QRect:
        group = self.group_of(row)
        line, column = divmod(row - self.starts[group], self.columns)
        corner = QPoint(GAP + column * (self.cell.width() + GAP), self._first_line(group) + line * self._step)
        return QRect(corner, self.cell)

    def top_of(self, row: int) -> int:
        """Where what is to be seen with the tile begins: the head of its group above the first line."""
        group = self.group_of(row)
        is_first_line = row - self.starts[group] < self.columns
        return self._tops[group] if is_first_line else self.rect(row).top()

    def head_rect(self, group: int, *, width: int) -> QRect:
        """`width` is that of the whole."""
        return QRect(GAP, self._tops[group], width - 2 * GAP, self.head)

    def group_of(self, row: int) -> int:
        return bisect_right(self.starts, row) - 1

    def rows_of(self, group: int) -> range:
        return range(self.starts[group], self._ends[group])

    def row_at(self, place: QPoint) -> int | None:
        """The tile there, if one is."""
        column = (place.x() - GAP) // (self.cell.width() + GAP)
        group, line = self._line_at(place.y())
        row = self.starts[group] + line * self.columns + column
        inside = line >= 0 and 0 <= column < self.columns and row in self.rows_of(group)
        return row if inside and self.rect(row).contains(place) else None

    def group_at(self, place: QPoint) -> int | None:
        """The group whose head is there."""
        group, line = self._line_at(place.y())
        in_head = self.head and line < 0 <= place.y() - self._tops[group] < self.head
        return group if in_head else None

    def rows_between(self, top: int, bottom: int) -> range:
        """Those in lines that touch the stripe."""
        group, line = self._line_at(top)
        first = self.starts[group] + max(0, line) * self.columns
        group, line = self._line_at(bottom)
        last = min(self._ends[group], self.starts[group] + (line + 1) * self.columns)
        return range(min(first, self.count), max(min(first, self.count), last))

    def groups_between(self, top: int, bottom: int) -> range:
        """Those whose heads touch the stripe."""
        if not self.head:
            return range(0)
        return range(
            bisect_left(self._tops, top - self.head, hi=len(self.starts)), bisect_right(self._tops[:-1], bottom)
        )

    def rows_touching(self, rect: QRect) -> Iterator[tuple[int, int]]:
        """The tiles that the rectangle touches, as closed ranges of rows."""
        rows = self.rows_between(rect.top(), rect.bottom())
        if not rows:
            return
        step = self.cell.width() + GAP
        left, right = max(0, rect.left() // step), min(self.columns - 1, rect.right() // step)
        row = rows.start
        while row < rows.stop and left <= right:
            end = min(row + self.columns, self._ends[self.group_of(row)])
            first, last = row + left, min(row + right, end - 1)
            if first <= last:
                yield first, last
            row = end

    def stepped(self, row: int, lines: int) -> int:
        """The row so many lines further down, or up, in the same column or at the end of a shorter line; the row itself
        where there is no such line."""
        for _ in range(abs(lines)):
            following = self._below(row) if lines > 0 else self._above(row)
            if following is None:
                break
            row = following
        return row

    @property
    def _step(self) -> int:
        return self.cell.height() + GAP

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        return (*self.starts[1:], self.count)

    @cached_property
    def _tops(self) -> tuple[int, ...]:
        """Of each group and of what would follow the last."""
        heights = (self._head_room + -(-(end - start) // self.columns) * self._step for start, end in self._spans)
        return tuple(accumulate(heights, initial=GAP))

    @property
    def _spans(self) -> Iterator[tuple[int, int]]:
        return pairwise((*self.starts, self.count))

    @property
    def _head_room(self) -> int:
        return self.head + GAP if self.head else 0

    def _first_line(self, group: int) -> int:
        return self._tops[group] + self._head_room

    def _line_at(self, y: int) -> tuple[int, int]:
        """The group there and the line in it, with the gap below it; -1 in the group's head."""
        group = min(len(self.starts) - 1, max(0, bisect_right(self._tops, y) - 1))
        within = y - self._first_line(group)
        return group, within // self._step if within >= 0 else (-1 if self.head else 0)

    def _below(self, row: int) -> int | None:
        group = self.group_of(row)
        start, end = self.starts[group], self._ends[group]
        line, column = divmod(row - start, self.columns)
        begin = start + (line + 1) * self.columns
        if begin < end:
            return min(begin + column, end - 1)
        return min(end + column, self._ends[group + 1] - 1) if end < self.count else None

    def _above(self, row: int) -> int | None:
        group = self.group_of(row)
        start = self.starts[group]
        if row - start >= self.columns:
            return row - self.columns
        if start == 0:
            return None
        before = self.starts[group - 1]
        last_line = before + (start - 1 - before) // self.columns * self.columns
        return min(last_line + (row - start) % self.columns, start - 1)


def closed_ranges(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rows that follow each other, as closed ranges: a selection of thousands of single rows would be slow."""
    start = end = -2
    for row in sorted(rows):
        if row > end + 1:
            if start >= 0:
                yield start, end
            start = row
        end = row
    if start >= 0:
        yield start, end
