"""Recipes to begin with, as rows: a title, what it amounts to, and a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from studio.core.recipe_shelf import ShelfRecipe, spec_in_words
from studio.ui.theme import theme
from studio.ui.widgets.item_delegate import paint_ground, smaller

RECIPE_ROLE: Final = Qt.ItemDataRole.UserRole
_MARGIN: Final = 10
_GAP: Final = 2

Index = QModelIndex | QPersistentModelIndex


class ShelfModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._recipes: list[ShelfRecipe] = []

    def show(self, recipes: Sequence[ShelfRecipe]) -> None:
        self.beginResetModel()
        self._recipes = list(recipes)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._recipes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        recipe = self._recipes[index.row()]
        match role:
            case Qt.ItemDataRole.UserRole:
                return recipe
            case Qt.ItemDataRole.DisplayRole:
                return recipe.title
            case Qt.ItemDataRole.ToolTipRole:
                return f"Your own, in {recipe.path}" if recipe.own else f"From {recipe.source}"
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return f"{spec_in_words(recipe.spec)}. {recipe.text}"
            case _:
                return None


class ShelfDelegate(QStyledItemDelegate):
    """Rows as high as their text needs at the list's width."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        recipe: ShelfRecipe = index.data(RECIPE_ROLE)
        width = max(self._view.viewport().width(), 120)
        heights = [_height(text, font, width - 2 * _MARGIN) for text, font, _role in _lines(recipe, option.font)]
        return QSize(width, sum(heights) + _GAP * (len(heights) - 1) + 2 * _MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        recipe: ShelfRecipe = index.data(RECIPE_ROLE)
        painter.save()
        paint_ground(painter, option)
        place = option.rect.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        for text, font, role in _lines(recipe, option.font):
            height = _height(text, font, place.width())
            painter.setFont(font)
            painter.setPen(theme().color(role))
            line = QRect(place.left(), place.top(), place.width(), height)
            painter.drawText(line, int(Qt.TextFlag.TextWordWrap), text)
            place.setTop(place.top() + height + _GAP)
        painter.restore()


def _lines(recipe: ShelfRecipe, font: QFont) -> list[tuple[str, QFont, str]]:
    """Text, font and colour of what is written below each other."""
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    words = spec_in_words(recipe.spec)
    lines = [(recipe.title, bold, "text"), (f"Your own: {words}" if recipe.own else words, smaller(font), "muted")]
    return [*lines, (recipe.text, font, "text")] if recipe.text != words else lines


def _height(text: str, font: QFont, width: int) -> int:
    room = QRect(0, 0, width, 10_000)
    return QFontMetrics(font).boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()
