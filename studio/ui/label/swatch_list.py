"""A list of named colours, for classes and for keypoints: swatch, name, a note, and the key that picks it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.ui.theme import theme

COLOR_ROLE: Final = Qt.ItemDataRole.DecorationRole
"""The swatch's QColor."""
BADGE_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""The key, drawn at the right; empty for none."""
NOTE_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""A muted word after the name."""
HOLLOW_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""Whether only the swatch's outline is drawn."""
LOCK_ROLE: Final = Qt.ItemDataRole.UserRole + 4
"""Whether the row is locked; None where rows have no lock."""
MARK_ROLE: Final = Qt.ItemDataRole.UserRole + 5
"""Whether what is labelled has this class: 0 no, 1 some of it, 2 yes; None where rows have no mark."""

Index = QModelIndex | QPersistentModelIndex

_ROW: Final = 30
_SWATCH: Final = 16
_LEFT: Final = 10
_GAP: Final = 9
_LIGHT: Final = 150
"""From this luma on (0-255) a mark on a swatch is dark."""
_LOCK: Final = 26
"""Width of the strip at the right in which a lock stands."""


class SwatchList(QListView):
    """Double click renames; on the swatch it asks for another colour."""

    recolor_requested = Signal(int)
    """The row whose swatch was double-clicked."""
    lock_toggled = Signal(int)
    """The row whose lock was clicked."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setItemDelegate(_SwatchDelegate(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setMouseTracking(True)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._lock_at(event)
        if row is not None:
            self.lock_toggled.emit(row)
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._lock_at(event) is not None:
            self.mousePressEvent(event)
            return
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.position().x() < _LEFT + _SWATCH + _GAP / 2:
            self.recolor_requested.emit(index.row())
        else:
            super().mouseDoubleClickEvent(event)

    def _lock_at(self, event: QMouseEvent) -> int | None:
        """The row whose lock the left button is on."""
        index = self.indexAt(event.position().toPoint())
        there = index.isValid() and index.data(LOCK_ROLE) is not None
        on_lock = event.position().x() >= self.viewport().width() - _LOCK
        return index.row() if there and on_lock and event.button() == Qt.MouseButton.LeftButton else None


class _SwatchDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, max(_ROW, option.fontMetrics.height() + 12))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("Name")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(_LEFT + _SWATCH + _GAP - 6, 1, -6, -1))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme().color("accent_soft"))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), theme().color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme().color("raised"))
        swatch = QRectF(rect.left() + _LEFT, rect.center().y() - _SWATCH / 2 + 0.5, _SWATCH, _SWATCH)
        mark = index.data(MARK_ROLE)
        _paint_swatch(painter, swatch, index.data(COLOR_ROLE), mark == 0 or bool(index.data(HOLLOW_ROLE)))
        if mark:
            _paint_mark(painter, swatch, index.data(COLOR_ROLE), whole=mark == 2)
        if mark is not None and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRoundedRect(QRectF(rect).adjusted(2.5, 1.5, -2.5, -1.5), 4, 4)
        place = rect.adjusted(_LEFT + _SWATCH + _GAP, 0, -8, 0)
        if index.data(LOCK_ROLE) is not None:
            _paint_lock(
                painter, rect, bool(index.data(LOCK_ROLE)), bool(option.state & QStyle.StateFlag.State_MouseOver)
            )
            place = place.adjusted(0, 0, 8 - _LOCK, 0)
        place = _paint_badge(painter, place, option.font, index.data(BADGE_ROLE) or "")
        _paint_name(painter, place, option.font, str(index.data()), index.data(NOTE_ROLE) or "")
        painter.restore()


def _paint_swatch(painter: QPainter, place: QRectF, color: QColor, hollow: bool) -> None:
    rim = theme().color("text")
    rim.setAlpha(60)
    painter.setPen(QPen(color, 2) if hollow else QPen(rim, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else color)
    painter.drawRoundedRect(place.adjusted(1, 1, -1, -1) if hollow else place, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_mark(painter: QPainter, place: QRectF, color: QColor, *, whole: bool) -> None:
    """A tick, or a dash for some; light or dark, whichever shows on the swatch."""
    is_light = 0.299 * color.red() + 0.587 * color.green() + 0.114 * color.blue() > _LIGHT
    painter.setPen(QPen(QColor("#101216" if is_light else "#ffffff"), 2.2, c=Qt.PenCapStyle.RoundCap))
    x, y = place.center().x(), place.center().y()
    if whole:
        painter.drawPolyline([QPointF(x - 4.2, y + 0.2), QPointF(x - 1.2, y + 3.2), QPointF(x + 4.4, y - 3.4)])
    else:
        painter.drawLine(QPointF(x - 3.6, y), QPointF(x + 3.6, y))


def _paint_lock(painter: QPainter, row: QRect, locked: bool, hovered: bool) -> None:
    """A closed lock always shows; an open one only where it could be clicked next."""
    if locked or hovered:
        icon = theme().icon("lock", "accent") if locked else theme().icon("lock-open", "muted")
        icon.paint(painter, QRect(row.right() - _LOCK + 5, row.center().y() - 7, 16, 16))


def _paint_badge(painter: QPainter, place: QRect, font: QFont, key: str) -> QRect:
    """Draw the key as a keycap at the right; returns the room that is left."""
    if not key:
        return place
    small = _smaller(font)
    width = max(18, QFontMetrics(small).horizontalAdvance(key) + 10)
    cap = QRectF(place.right() - width, place.center().y() - 8.5, width, 18)
    painter.setPen(QPen(theme().color("line"), 1))
    painter.setBrush(theme().color("window"))
    painter.drawRoundedRect(cap, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(theme().color("muted"))
    painter.setFont(small)
    painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key.upper())
    return place.adjusted(0, 0, -width - 8, 0)


def _paint_name(painter: QPainter, place: QRect, font: QFont, name: str, note: str) -> None:
    small = _smaller(font)
    note_width = QFontMetrics(small).horizontalAdvance(note) + 8 if note else 0
    metrics = QFontMetrics(font)
    painter.setFont(font)
    painter.setPen(theme().color("text"))
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, place.width() - note_width)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    if note:
        painter.setFont(small)
        painter.setPen(theme().color("muted"))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, note)


def _smaller(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(max(7.0, font.pointSizeF() * 0.86))
    return small
