"""The review items of one run as a model that holds ids only; their rows are read a page at a time when they show."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.core.report import score_in_words
from studio.core.review import Decision, ReviewItem, note_in_words
from studio.core.settings import Task

_PAGE: Final = 32
_PAGES_KEPT: Final = 64
_SCAN: Final = 32_768
"""How far the next undecided item is looked for; beyond, the person has other means (the filter)."""

_FIRST_LOOK: Final = 64
_WORDS_LEGEND: Final = "Blue, underlined words pushed towards what is predicted; orange, dotted ones away from it"

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


@dataclass(frozen=True)
class GroupHead:
    """What stands over the group that begins at a row."""

    start: int
    words: str


ReadReviews = Callable[[Sequence[int]], Sequence[ReviewItem]]
"""Review items of these ids, in their order."""


class ReviewModel(QAbstractListModel):
    """In the order of its ids. `review(row)` is what a view draws; the roles serve screen readers and tooltips."""

    def __init__(self, task: Task, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self._ids: list[int] = []
        self._rows: dict[int, int] = {}
        self._heads: tuple[GroupHead, ...] = ()
        self._read: ReadReviews | None = None
        self._pages: OrderedDict[int, list[ReviewItem]] = OrderedDict()

    @property
    def heads(self) -> tuple[GroupHead, ...]:
        """Of the groups, in their order; none where the items are not grouped."""
        return self._heads

    def show(self, ids: Sequence[int], read: ReadReviews | None, heads: Sequence[GroupHead] = ()) -> None:
        """Show these ids, whose review items `read` gets."""
        self.beginResetModel()
        self._ids = list(ids)
        self._rows = dict(zip(self._ids, range(len(self._ids)), strict=True))
        self._read = read
        self._heads = tuple(heads)
        self._pages.clear()
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.review(index.row()).score.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            review = self.review(index.row())
            legend = f"\n{_WORDS_LEGEND}" if review.score.words and role == Qt.ItemDataRole.ToolTipRole else ""
            return in_words(review, self._task) + legend
        return None

    def item_id(self, row: int) -> int:
        return self._ids[row]

    def row_of(self, item: int) -> int | None:
        return self._rows.get(item)

    def review(self, row: int) -> ReviewItem:
        page, place = divmod(row, _PAGE)
        reviews = self._pages.get(page)
        if reviews is None:
            assert self._read is not None
            reviews = list(self._read(self._ids[page * _PAGE : (page + 1) * _PAGE]))
            self._pages[page] = reviews
            while len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return reviews[place]

    def next_undecided(self, row: int, decided: Callable[[Sequence[int]], Collection[int]]) -> int | None:
        """The first undecided row after `row`, else the nearest before it, else None. `decided` says which of some ids
        are; it is asked for a few at a time, because most often the next one will do."""
        ahead = range(row + 1, min(len(self._ids), row + 1 + _SCAN))
        behind = range(row - 1, max(-1, row - 1 - _SCAN), -1)
        for rows in (ahead, behind):
            step, start = _FIRST_LOOK, 0
            while start < len(rows):
                part = rows[start : start + step]
                start += step
                known = set(decided([self._ids[r] for r in part]))
                found = next((r for r in part if self._ids[r] not in known), None)
                if found is not None:
                    return found
                step = min(4 * step, _SCAN)
        return None

    def refresh(self, items: Iterable[int]) -> None:
        """The decisions or labels of these items changed."""
        for item in items:
            row = self._rows.get(item)
            if row is not None:
                self._pages.pop(row // _PAGE, None)
                index = self.index(row)
                self.dataChanged.emit(index, index)

    def refresh_all(self) -> None:
        self._pages.clear()
        if self._ids:
            self.dataChanged.emit(self.index(0), self.index(len(self._ids) - 1))


def in_words(review: ReviewItem, task: Task) -> str:
    """What a tile says, as one line."""
    score = review.score
    parts = [score.name, *score_in_words(score, task), score.split.value]
    if score.confidence is not None:
        parts.append(f"{100 * score.confidence:.0f} % sure")
    if score.corrected:
        parts.append("corrected")
    if review.decision is not Decision.UNDECIDED:
        parts.append(review.decision.value)
    if review.note is not None:
        parts.append(note_in_words(review.note))
    return ", ".join(parts)
