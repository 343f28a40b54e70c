"""The command palette: type a few letters of what you want to do, Enter does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from studio.ui.keyboard.borrowed_focus import BorrowedFocus
from studio.ui.keyboard.catalogue import Catalogue, Entry
from studio.ui.keyboard.search import fit
from studio.ui.theme import theme
from studio.ui.widgets.search_popup import ROW_ROLE, Index, RowDelegate, SearchPopup

_WIDTH: Final = 560
_ROW: Final = 32
_ROWS: Final = 11
_TOP: Final = 76
_MOST_TYPED: Final = 40
_RECENT: Final = 5
_DISABLED_PENALTY: Final = 1000


class Palette(SearchPopup):
    """What had the keyboard before it opened gets it back."""

    def __init__(self, catalogue: Catalogue, host: QWidget) -> None:
        super().__init__(host, _EntryDelegate(_ROW), width=_WIDTH, rows=_ROWS)
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self._catalogue = catalogue
        self._recent: list[str] = []
        self._focus = BorrowedFocus()
        self.search.setPlaceholderText("What do you want to do?")
        self.search.setMaxLength(_MOST_TYPED)
        self.search.setAccessibleName("Command to look for")
        self.none.setText("No command has these letters.")
        self.none.setContentsMargins(10, 6, 10, 8)
        self.list.setAccessibleName("Commands")
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)

    def toggle(self) -> None:
        if self.isVisible():
            self.leave()
        else:
            self.open()

    def open(self) -> None:
        self._focus.borrow()
        self.appear()

    def leave(self) -> None:
        self.hide()
        self._focus.give_back()

    def take(self, index: Index) -> None:
        """Do what a row names; one that cannot be done now stays where it is."""
        entry = index.data(ROW_ROLE)
        if not isinstance(entry, Entry) or not entry.action.isEnabled():
            return
        name = entry.action.objectName()
        self._recent = [name, *(other for other in self._recent if other != name)][:_RECENT]
        self.leave()
        entry.action.trigger()

    def fitting(self, typed: str) -> Sequence[Entry]:
        return ranked(self._catalogue.entries, typed, self._recent)

    def row_after(self, row: int, step: int) -> int:
        """From the end by one row to the start, and back."""
        return (row + step) % self.model.rowCount() if abs(step) == 1 else super().row_after(row, step)

    def top(self) -> int:
        return min(_TOP, self.host.height() // 8)


def ranked(entries: list[Entry], typed: str, recent: list[str]) -> list[Entry]:
    """The entries that fit what was typed, best first; with nothing typed the recent ones, then all in menu order."""

    def merit(place: int, entry: Entry) -> tuple[int, int] | None:
        fits = fit(typed, entry.text)
        if fits is None:
            by_menu = fit(typed, f"{entry.menu} {entry.text}")
            if by_menu is None:
                return None
            fits = by_menu - _DISABLED_PENALTY // 2
        name = entry.action.objectName()
        fits += (_RECENT - recent.index(name)) * (1 if typed else 100) if name in recent else 0
        return -(fits - (0 if entry.action.isEnabled() else _DISABLED_PENALTY)), place

    judged = [(m, entry) for place, entry in enumerate(entries) if (m := merit(place, entry)) is not None]
    return [entry for _merit, entry in sorted(judged, key=lambda pair: pair[0])]


class _EntryDelegate(RowDelegate):
    def paint_row(self, painter: QPainter, box: QRect, row: object) -> None:
        if not isinstance(row, Entry):
            return
        enabled = row.action.isEnabled()
        inner = box.adjusted(10, 0, -10, 0)
        icon = row.action.icon()
        if not icon.isNull():
            spot = QRect(inner.left(), box.center().y() - 8, 16, 16)
            icon.paint(painter, spot)
        text = inner.adjusted(26, 0, 0, 0)
        metrics = painter.fontMetrics()
        keys = row.action.shortcuts()
        key = keys[0].toString(keys[0].SequenceFormat.NativeText) if keys else ""
        used = metrics.horizontalAdvance(key) + 14 if key else 0
        painter.setPen(theme().color("muted"))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, key)
        room = text.adjusted(0, 0, -used, 0)
        name = metrics.elidedText(row.text, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(theme().color("text" if enabled else "faint"))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        place = room.adjusted(metrics.horizontalAdvance(name) + 10, 0, 0, 0)
        menu = metrics.elidedText(row.menu, Qt.TextElideMode.ElideRight, place.width())
        painter.setPen(theme().color("faint"))
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, menu)
