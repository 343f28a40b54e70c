"""How a row of the item list looks: thumbnail, name, state and split, drawn without a widget."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.core.items import Item, LabelState, Split
from studio.ui.theme import theme
from studio.ui.widgets.item_list import ITEM_ROLE, PROPOSED_ROLE
from studio.ui.widgets.thumbnails import Thumbnails

_ROW_HEIGHT: Final = 58
_THUMBNAIL: Final = QSize(76, 48)
_MARGIN: Final = 8
_ROUNDING: Final = 4.0
_MARK: Final = 18
"""The side of the mark on a thumbnail whose item has a proposal."""

SPLIT_COLORS: Final = {
    Split.TRAIN: "series_1",
    Split.VALID: "series_2",
    Split.TEST: "series_4",
    Split.PRODUCTION: "series_6",
}
STATE_COLORS: Final = {LabelState.UNLABELLED: "faint", LabelState.LABELLED: "ok", LabelState.LEFT_OUT: "danger"}


class ItemDelegate(QStyledItemDelegate):
    """Paints rows of an `ItemListModel` with thumbnails from `thumbnails`."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, max(_ROW_HEIGHT, 2 * option.fontMetrics.height() + 2 * _MARGIN))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item: Item = index.data(ITEM_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_ground(painter, option)
        picture = QRect(option.rect.topLeft(), _THUMBNAIL)
        picture.moveLeft(option.rect.left() + _MARGIN)
        picture.moveTop(option.rect.center().y() - _THUMBNAIL.height() // 2)
        painter.setOpacity(0.45 if item.state is LabelState.LEFT_OUT else 1.0)
        self._paint_thumbnail(painter, picture, item)
        painter.setOpacity(1.0)
        if index.data(PROPOSED_ROLE):
            _paint_proposed(painter, picture)
        text = option.rect.adjusted(2 * _MARGIN + _THUMBNAIL.width(), 0, -_MARGIN, 0)
        _paint_text(painter, text, option.font, item)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, place: QRect, item: Item) -> None:
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(place), _ROUNDING, _ROUNDING)
        painter.fillPath(frame, theme().color("canvas"))
        image = self._thumbnails.get(item.id, item.path)
        if image is not None:
            painter.setClipPath(frame)
            painter.drawImage(QRectF(place), image, _covering(image, place.size()))
            painter.setClipping(False)
        elif self._thumbnails.is_broken(item.id):
            theme().icon("broken", "danger").paint(painter, place.adjusted(14, 12, -14, -12))


def _paint_proposed(painter: QPainter, picture: QRect) -> None:
    """The sign of proposing in the lower right corner, on a ground that it stands out from whatever the picture is."""
    place = QRect(0, 0, _MARK, _MARK)
    place.moveBottomRight(picture.bottomRight())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color("accent"))
    painter.drawRoundedRect(QRectF(place), _ROUNDING, _ROUNDING)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    theme().icon("sparkle", "on_accent").paint(painter, place.adjusted(2, 2, -2, -2))


def paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """What a selected row, or the one under the mouse, stands on."""
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    if hovered and not selected:
        painter.fillRect(option.rect, theme().color("raised"))
    if selected:
        painter.fillRect(option.rect, theme().color("accent_soft"))
        painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), theme().color("accent"))


def smaller(font: QFont) -> QFont:
    """For the line below a row's name."""
    small = QFont(font)
    small.setPointSizeF(max(7.0, font.pointSizeF() * 0.86))
    return small


def _covering(image: QImage, size: QSize) -> QRectF:
    """The largest centred part of the image that has the proportions of `size`."""
    scale = min(image.width() / size.width(), image.height() / size.height())
    part = QRectF(0, 0, size.width() * scale, size.height() * scale)
    part.moveCenter(QRectF(image.rect()).center())
    return part


def _paint_text(painter: QPainter, place: QRect, font: QFont, item: Item) -> None:
    small = smaller(font)
    metrics, small_metrics = QFontMetrics(font), QFontMetrics(small)
    top = place.center().y() - (metrics.height() + small_metrics.height() + 4) // 2
    name_line = QRect(place.left(), top, place.width(), metrics.height())
    left_out = item.state is LabelState.LEFT_OUT
    painter.setFont(font)
    painter.setPen(theme().color("muted" if left_out else "text"))
    name = metrics.elidedText(item.name, Qt.TextElideMode.ElideMiddle, name_line.width())
    painter.drawText(name_line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)

    line = QRect(place.left(), name_line.bottom() + 5, place.width(), small_metrics.height())
    state_color = theme().color(STATE_COLORS[item.state])
    paint_dot(painter, QPointF(line.left() + 4.5, line.center().y() + 0.5), state_color, item.state)
    painter.setFont(small)
    painter.setPen(theme().color("muted"))
    painter.drawText(line.adjusted(14, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(item.state))
    paint_badge(painter, line, small_metrics, item.split)


def paint_dot(painter: QPainter, center: QPointF, color: QColor, state: LabelState) -> None:
    """Full: labelled. Empty: unlabelled. Struck: left out; so that the states differ without their colours."""
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(color if state is LabelState.LABELLED else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(center, 3.5, 3.5)
    if state is LabelState.LEFT_OUT:
        painter.drawLine(center + QPointF(-2.4, 2.4), center + QPointF(2.4, -2.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_badge(painter: QPainter, line: QRect, metrics: QFontMetrics, split: Split) -> float:
    """The split at the end of the line; returns its width."""
    width = metrics.horizontalAdvance(str(split)) + 12
    badge = QRectF(line.right() - width + 1, line.top() - 1, width, line.height() + 2)
    color = theme().color(SPLIT_COLORS[split])
    soft = QColor(color)
    soft.setAlpha(38)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(soft)
    painter.drawRoundedRect(badge, badge.height() / 2, badge.height() / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(color)
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(split))
    return badge.width()
