"""What was taken for what, as a matrix in heat colours: label by row, prediction by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.tag_words import percent
from studio.ui.review.mistake_list import Cell
from studio.ui.theme import theme

_LARGEST_CELL: Final = 26
_ROOMY_CELL: Final = 15
_SMALLEST_CELL: Final = 11
"""Below this the names would run into each other."""

_FIGURES_FROM: Final = 19
"""Cells at least so large have room for two digits."""

_LEAST_FIGURE: Final = 0.005
_STRONGEST_BY_ROW: Final = 0.75
"""So that figures are read on the darkest cell, too."""

_NAME_ROOM: Final = 92
_CORNER: Final = "predicted →\nlabel ↓"


class ConfusionMatrix(QWidget):
    """Row: what the label says; column: what the model said. Classes without any mistake are left out, and where the
    width is too small for all others, those with the fewest. By row, cells are shares of all that the label gives to
    the class, and the diagonal is how much of that is right."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, counted: str = "pixels") -> None:
        super().__init__(parent)
        self._counted = counted
        self.setObjectName("confusion_matrix")
        self.setAccessibleName("Confusion matrix: rows are labels, columns are predictions")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._counts = np.zeros((0, 0), np.int64)
        self._right: npt.NDArray[np.int64] | None = None
        self._by_row = False
        self._worst: list[int] = []
        self._shown: list[int] = []
        self._names: dict[int, str] = {}
        self._colors: dict[int, QColor] = {}
        self._selected: Cell | None = None
        self._hovered: Cell | None = None
        self._height_limit = 400

    def show_counts(self, counts: np.ndarray, classes: Sequence[LabelClass]) -> None:
        self._counts = counts
        self._right = None
        wrong = counts.copy()
        np.fill_diagonal(wrong, 0)
        mistakes = wrong.sum(0) + wrong.sum(1)
        order = np.argsort(-mistakes, kind="stable")
        self._worst = [int(class_id) for class_id in order if mistakes[class_id]]
        self._names = {c.id: c.name for c in classes}
        self._colors = {c.id: QColor(c.color) for c in classes}
        self._fit()
        self.update()

    def set_height_limit(self, height: int) -> None:
        """Cells become smaller, and classes fewer, rather than make the matrix higher than this."""
        self._height_limit = height
        self._fit()

    def show_right(self, right: npt.NDArray[np.int64] | None) -> None:
        """(n,) int64: what is right of each class; None where nobody knows."""
        self._right = right
        self.update()

    def set_by_row(self, by_row: bool) -> None:
        self._by_row = by_row
        self.update()

    def share(self, cell: Cell) -> float:
        """0 to 1: of all that the label gives to the cell's class, or where it is not known what of that is right, of
        the mistakes among it. 0 on the diagonal then."""
        label, predicted = cell
        mistakes = int(self._counts[label].sum() - self._counts[label, label])
        right = int(self._right[label]) if self._right is not None else 0
        total = mistakes + right
        number = right if label == predicted else int(self._counts[cell])
        return number / total if total else 0.0

    def select(self, cell: Cell | None) -> None:
        self._selected = cell
        self.update()

    def words(self, cell: Cell) -> str:
        """What the cell means, for a tooltip."""
        label, predicted = (self._names.get(class_id, str(class_id)) for class_id in cell)
        pixels = int(self._counts[cell])
        if cell[0] == cell[1]:
            if self._right is None:
                return f"{label}: {self._counted} that are right are not counted here"
            return f"{label} is right in {percent(self.share(cell))} of its {self._counted}"
        if not pixels:
            return f"{label} was never taken for {predicted}"
        total = int(self._counts.sum() - np.trace(self._counts))
        share = f"{100 * pixels / total:.1f} %"
        number = counted(pixels, self._counted.removesuffix("s"))
        if self._by_row:
            of = "" if self._right is not None else " that are wrong"
            share = f"{percent(self.share(cell))} of {label}'s {self._counted}{of}"
            return f"{label} was taken for {predicted}: {number}, {share}. Click to see the items."
        return f"{label} was taken for {predicted}: {number}, {share} of all mistakes. Click to see the items."

    def cell_rect(self, cell: Cell) -> QRectF:
        """Where the cell is drawn; empty when its class is not shown."""
        if cell[0] not in self._shown or cell[1] not in self._shown:
            return QRectF()
        left, top, side = self._geometry()
        return QRectF(left + self._shown.index(cell[1]) * side, top + self._shown.index(cell[0]) * side, side, side)

    # -- geometry -----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(280, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show as many classes as there is room for, in the order of their ids."""
        fitting = max(2, int((self._room - _NAME_ROOM) / _SMALLEST_CELL))
        self._shown = sorted(self._worst[:fitting])
        _left, top, side = self._geometry()
        note = self.fontMetrics().height() + 6 if self._left_out else 4
        self.setFixedHeight(int(top + side * len(self._shown)) + note if self._shown else 48)

    @property
    def _room(self) -> int:
        """The side of the square that names and cells may take."""
        return min(self.width(), self._height_limit)

    @property
    def _left_out(self) -> int:
        return len(self._worst) - len(self._shown)

    def _geometry(self) -> tuple[float, float, float]:
        """Left and top of the first cell and a cell's side."""
        metrics = QFontMetrics(self._label_font())
        widest = max((metrics.horizontalAdvance(self._names.get(c, "")) for c in self._shown), default=0)
        room = min(_NAME_ROOM, max(widest + 20, metrics.horizontalAdvance(_CORNER.partition("\n")[0]) + 10))
        side = min(_LARGEST_CELL, (self._room - room - 2) / max(1, len(self._shown)))
        return room, room - 4, max(4.0, side)

    def _label_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(10 if len(self._shown) * _ROOMY_CELL > self._room - _NAME_ROOM else 11)
        return font

    def _cell_at(self, place: QPointF) -> Cell | None:
        left, top, side = self._geometry()
        column, row = int((place.x() - left) // side), int((place.y() - top) // side)
        if not (0 <= row < len(self._shown) and 0 <= column < len(self._shown)):
            return None
        return self._shown[row], self._shown[column]

    # -- mouse --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if event.button() is not Qt.MouseButton.LeftButton or cell is None or not self._is_mistake(cell):
            return
        self.chosen.emit(None if cell == self._selected else cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if cell != self._hovered:
            self._hovered = cell
            pointing = cell is not None and self._is_mistake(cell)
            self.setCursor(Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(QPointF(event.pos()))
            if cell is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.words(cell), self, self.cell_rect(cell).toRect())
            return True
        return super().event(event)

    def _is_mistake(self, cell: Cell) -> bool:
        return cell[0] != cell[1] and int(self._counts[cell]) > 0

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._shown:
            painter.setPen(theme().color("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No mistakes")
            return
        self._paint_names(painter)
        largest = max(1, *(int(self._counts[a, b]) for a in self._shown for b in self._shown if a != b))
        for label in self._shown:
            for predicted in self._shown:
                self._paint_cell(painter, (label, predicted), largest)
        for cell, role, width in ((self._hovered, "muted", 1.0), (self._selected, "accent", 2.0)):
            if cell is not None and not self.cell_rect(cell).isEmpty():
                painter.setPen(QPen(theme().color(role), width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.cell_rect(cell).adjusted(0.5, 0.5, -0.5, -0.5))

        if self._left_out:
            painter.setPen(theme().color("faint"))
            note = f"and {self._left_out} classes with fewer mistakes"
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight, note)

    def _paint_cell(self, painter: QPainter, cell: Cell, largest: int) -> None:
        rect = self.cell_rect(cell).adjusted(0.5, 0.5, -0.5, -0.5)
        is_right = cell[0] == cell[1]
        if is_right and not (self._by_row and self._right is not None):
            painter.fillRect(rect, theme().color("line"))
            return
        share = self.share(cell) if self._by_row else int(self._counts[cell]) / largest
        tone = theme().color("ok" if is_right else "danger")
        heat = share**0.5 * (_STRONGEST_BY_ROW if self._by_row else 1.0)
        painter.fillRect(rect, _between(theme().color("base"), tone, heat))
        if self._by_row and rect.width() >= _FIGURES_FROM and share >= _LEAST_FIGURE:
            font = QFont(self.font())
            font.setPixelSize(9)
            painter.setFont(font)
            painter.setPen(theme().color("text"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, f"{100 * share:.0f}")

    def _paint_names(self, painter: QPainter) -> None:
        left, top, side = self._geometry()
        font = self._label_font()
        painter.setFont(font)
        metrics = QFontMetrics(font)
        painter.setPen(theme().color("faint"))
        corner = QRectF(0, 0, left - 8, top - 4)
        painter.drawText(corner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, _CORNER)
        for place, class_id in enumerate(self._shown):
            near = self._hovered is not None and class_id in self._hovered
            name = metrics.elidedText(self._names.get(class_id, ""), Qt.TextElideMode.ElideRight, int(left) - 18)
            for turned in (False, True):
                painter.save()
                if turned:
                    painter.translate(left + place * side, top)
                    painter.rotate(-90)
                    box = QRectF(5, 0, top - 5, side)
                    align = Qt.AlignmentFlag.AlignLeft
                else:
                    box = QRectF(0, top + place * side, left - 6, side)
                    align = Qt.AlignmentFlag.AlignRight
                self._paint_name(painter, box, align, name, class_id, near=near)
                painter.restore()

    def _paint_name(
        self, painter: QPainter, box: QRectF, align: Qt.AlignmentFlag, name: str, class_id: int, *, near: bool
    ) -> None:
        dot = QRectF(0, 0, 7, 7)
        dot.moveCenter(box.center())
        if align is Qt.AlignmentFlag.AlignLeft:
            dot.moveLeft(box.left())
            text = box.adjusted(11, 0, 0, 0)
        else:
            dot.moveRight(box.right())
            text = box.adjusted(0, 0, -11, 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colors.get(class_id, theme().color("faint")))
        painter.drawRoundedRect(dot, 2, 2)
        painter.setPen(theme().color("text" if near else "muted"))
        painter.drawText(text, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, name)


def _between(a: QColor, b: QColor, share: float) -> QColor:
    def mix(x: int, y: int) -> int:
        return round(x + (y - x) * share)

    return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()))
