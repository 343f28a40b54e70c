"""What was taken for what: the confusion matrix in heat colours, and its largest cells in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
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
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.ui.review.mistake_list import Cell, MistakeList, mistakes_of
from studio.ui.theme import theme

_LARGEST_CELL: Final = 26
_ROOMY_CELL: Final = 15
_SMALLEST_CELL: Final = 11
"""Below this the names would run into each other."""

_LOWEST_MATRIX: Final = 190
_MATRIX_SHARE: Final = 0.55
"""Of the panel's height; the rest is the list's."""

_NAME_ROOM: Final = 92
_CORNER: Final = "predicted →\nlabel ↓"


class ConfusionPanel(QWidget):
    """Matrix and list show the same cells; choosing one in either, or none, is told by `chosen`. `counted` is what a
    cell has a number of: pixels or items."""

    chosen = Signal(object)
    """A `Cell`, or None for all items."""

    def __init__(self, parent: QWidget | None = None, *, counted: str = "pixels") -> None:
        super().__init__(parent)
        self.matrix = ConfusionMatrix(counted=counted)
        self.matrix.chosen.connect(self._choose)
        self.list = MistakeList(counted=counted)
        self.list.chosen.connect(self._choose)
        self._all = QToolButton()
        self._all.setText("Show all")
        self._all.setObjectName("clear_confusion")
        self._all.setToolTip("Show the items of every mistake again")
        self._all.setIcon(theme().icon("close", "muted"))
        self._all.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._all.clicked.connect(lambda: self._choose(None))
        self._all.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(_heading("WHAT WAS TAKEN FOR WHAT"))
        top.addStretch(1)
        top.addWidget(self._all)
        layout.addLayout(top)
        layout.addWidget(self.matrix)
        layout.addWidget(_heading("LARGEST MISTAKES"))
        layout.addWidget(self.list, 1)

    def show_counts(self, counts: np.ndarray, classes: Sequence[LabelClass]) -> None:
        """`counts` (n, n) int64: what is wrong by label class (row) and predicted class (column)."""
        self.matrix.show_counts(counts, classes)
        self.list.show_mistakes(mistakes_of(counts), classes)

    def select(self, cell: Cell | None) -> None:
        """Mark the cell without telling anyone."""
        self.matrix.select(cell)
        self.list.select(cell)
        self._all.setVisible(cell is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.matrix.set_height_limit(max(_LOWEST_MATRIX, round(self.height() * _MATRIX_SHARE)))

    def _choose(self, cell: Cell | None) -> None:
        self.select(cell)
        self.chosen.emit(cell)


class ConfusionMatrix(QWidget):
    """Row: what the label says; column: what the model said. Classes without any mistake are left out, and where the
    width is too small for all others, those with the fewest."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, counted: str = "pixels") -> None:
        super().__init__(parent)
        self._counted = counted
        self.setObjectName("confusion_matrix")
        self.setAccessibleName("Confusion matrix: rows are labels, columns are predictions")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._counts = np.zeros((0, 0), np.int64)
        self._worst: list[int] = []
        self._shown: list[int] = []
        self._names: dict[int, str] = {}
        self._colors: dict[int, QColor] = {}
        self._selected: Cell | None = None
        self._hovered: Cell | None = None
        self._height_limit = 400

    def show_counts(self, counts: np.ndarray, classes: Sequence[LabelClass]) -> None:
        self._counts = counts
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

    def select(self, cell: Cell | None) -> None:
        self._selected = cell
        self.update()

    def words(self, cell: Cell) -> str:
        """What the cell means, for a tooltip."""
        label, predicted = (self._names.get(class_id, str(class_id)) for class_id in cell)
        pixels = int(self._counts[cell])
        if cell[0] == cell[1]:
            return f"{label}: {self._counted} that are right are not counted here"
        if not pixels:
            return f"{label} was never taken for {predicted}"
        total = int(self._counts.sum() - np.trace(self._counts))
        share = f"{100 * pixels / total:.1f} %"
        number = counted(pixels, self._counted.removesuffix("s"))
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
        if cell[0] == cell[1]:
            painter.fillRect(rect, theme().color("line"))
            return
        heat = (int(self._counts[cell]) / largest) ** 0.5
        painter.fillRect(rect, _between(theme().color("base"), theme().color("danger"), heat))

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


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    return label
