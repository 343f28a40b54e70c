"""The largest mistakes in words, one a line: `Road → Pavement` with its share of all mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.review import mistake_in_words
from studio.ui.theme import theme

Cell = tuple[int, int]
"""(label id, predicted id)."""

_LISTED: Final = 40
_ARROW: Final = " → "
_SHARE_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_CELL_ROLE: Final = Qt.ItemDataRole.UserRole + 2
_BAR_ROLE: Final = Qt.ItemDataRole.UserRole + 3


class MistakeList(QListWidget):
    """The largest cells, one a line: `Road → Sidewalk` with the share of all mistakes."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, counted: str = "pixels") -> None:
        super().__init__(parent)
        self._counted = counted
        self.setObjectName("mistake_list")
        self.setAccessibleName("Largest mistakes")
        self.setItemDelegate(_ShareDelegate(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemActivated.connect(self._tell)
        self.itemClicked.connect(self._tell)
        self._selected: Cell | None = None

    def show_mistakes(self, mistakes: Mapping[Cell, int], classes: Sequence[LabelClass]) -> None:
        """`mistakes`: pixels or items by label and prediction; a class id may be `NO_CLASS`."""
        self.clear()
        names = {c.id: c.name for c in classes}
        total, largest = sum(mistakes.values()), max(mistakes.values(), default=0)
        for cell, count in sorted(mistakes.items(), key=lambda entry: -entry[1])[:_LISTED]:
            words = mistake_in_words(*cell, names)
            entry = QListWidgetItem(words, self)
            entry.setData(_SHARE_ROLE, count / total)
            entry.setData(_BAR_ROLE, count / largest)
            entry.setData(_CELL_ROLE, cell)
            number = counted(count, self._counted.removesuffix("s"))
            entry.setToolTip(f"{number}: {words.replace(_ARROW, ' taken for ')}")

    def select(self, cell: Cell | None) -> None:
        self._selected = cell
        self.clearSelection()
        for row in range(self.count()):
            if cell is not None and self._cell(self.item(row)) == cell:
                self.setCurrentRow(row)
                return

    def _cell(self, entry: QListWidgetItem) -> Cell:
        label, predicted = entry.data(_CELL_ROLE)
        return label, predicted

    def _tell(self, entry: QListWidgetItem) -> None:
        cell = self._cell(entry)
        self.chosen.emit(None if cell == self._selected else cell)


def mistakes_of(counts: np.ndarray) -> dict[Cell, int]:
    """The cells of a matrix (n, n) that are mistakes."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    rows, columns = np.nonzero(wrong)
    cells = zip(rows.tolist(), columns.tolist(), strict=True)
    return {cell: int(wrong[cell]) for cell in cells}


class _ShareDelegate(QStyledItemDelegate):
    """A line with its share as a bar behind the words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, option.fontMetrics.height() + 8)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        share: float = index.data(_SHARE_ROLE)
        row = QRect(option.rect).adjusted(0, 1, 0, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(row, theme().color("accent_soft" if chosen else "raised"))
        bar = QColor(theme().color("danger"))
        bar.setAlphaF(0.16)
        painter.fillRect(QRect(row.left(), row.top(), int(row.width() * index.data(_BAR_ROLE)), row.height()), bar)
        text = row.adjusted(6, 0, -6, 0)
        figure = f"{100 * share:.1f} %"
        painter.setPen(theme().color("muted"))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        room = text.width() - option.fontMetrics.horizontalAdvance(figure) - 8
        painter.setPen(theme().color("text"))
        words = fitting_pair(index.data(), option.fontMetrics, room)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)


def fitting_pair(words: str, metrics: QFontMetrics, width: int) -> str:
    """As much of both names as `width` logical pixels hold, so that neither is lost."""
    if metrics.horizontalAdvance(words) <= width:
        return words
    names = words.split(_ARROW, maxsplit=1)
    room = width - metrics.horizontalAdvance(_ARROW)
    wide = [metrics.horizontalAdvance(name) for name in names]
    half = room // 2
    rooms = [max(half, room - wide[1]), max(half, room - wide[0])]
    elide = Qt.TextElideMode.ElideRight
    return _ARROW.join(metrics.elidedText(name, elide, each) for name, each in zip(names, rooms, strict=True))
