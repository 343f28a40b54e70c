"""Items as rows of a list: ids for all of them, the items themselves only for the rows that are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt

from studio.core.items import Item

ITEM_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""The `Item` of a row."""

PROPOSED_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""Whether a model's proposal waits on a row's item."""

Index = QModelIndex | QPersistentModelIndex
_FLAGS: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

_ROLES: Final = frozenset(
    (
        ITEM_ROLE,
        PROPOSED_ROLE,
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)

_PAGE_ROWS: Final = 64
_PAGES_KEPT: Final = 24


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[Item]
    proposed: Collection[int]


class ItemListModel(QStringListModel):
    """`fetch` turns ids into items in the given order, for a page of rows at a time, and `proposed` says which of them
    have a proposal that waits; a few pages are remembered, so that a hundred thousand rows cost a list of integers and
    as many empty strings.

    The strings are there so that Qt counts the rows by itself: a list view asks for the count twice a row when it lays
    them out, which through Python takes a third of a second for a hundred thousand.
    """

    def __init__(
        self,
        fetch: Callable[[list[int]], list[Item]],
        parent: QObject | None = None,
        *,
        proposed: Callable[[list[int]], Collection[int]] = lambda _ids: (),
    ) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._fetch_proposed = proposed
        self._ids: list[int] = []
        self._pages: OrderedDict[int, _Page] = OrderedDict()

    @property
    def ids(self) -> Sequence[int]:
        return self._ids

    def set_ids(self, ids: list[int]) -> None:
        self._ids = ids
        self._pages.clear()
        self.setStringList([""] * len(ids))

    def refresh(self, ids: Sequence[int]) -> None:
        """Read these items anew when they are next looked at; all items when `ids` is empty."""
        if not self._ids:
            return
        ids = ids if len(ids) <= _PAGE_ROWS else ()
        rows = [row for row in map(self.row_of, ids) if row >= 0] if ids else [0, len(self._ids) - 1]
        if not ids:
            self._pages.clear()
        for row in rows:
            self._pages.pop(row // _PAGE_ROWS, None)
        if rows:
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))

    def row_of(self, item_id: int) -> int:
        """The item's row, or -1 where the list does not have it."""
        try:
            return self._ids.index(item_id)
        except ValueError:
            return -1

    def item(self, row: int) -> Item:
        return self._page(row).items[row % _PAGE_ROWS]

    def is_proposed(self, row: int) -> bool:
        """Whether a proposal waits on the row's item."""
        return self._ids[row] in self._page(row).proposed

    def _page(self, row: int) -> _Page:
        page = row // _PAGE_ROWS
        if page not in self._pages:
            first = page * _PAGE_ROWS
            ids = self._ids[first : first + _PAGE_ROWS]
            self._pages[page] = _Page(self._fetch(ids), self._fetch_proposed(ids))
            while len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return self._pages[page]

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in _ROLES:
            return None
        item, is_proposed = self.item(index.row()), self.is_proposed(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return item.name
            case Qt.ItemDataRole.ToolTipRole:
                return f"{item.path}\nA model's proposal waits here." if is_proposed else str(item.path)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{item.name}, {item.state}, {item.split}{', a proposal waits' if is_proposed else ''}"
        return item if role == ITEM_ROLE else is_proposed
