"""A plot with its title, its legend and the values under the mouse in one line above it."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.ui.theme import theme
from studio.ui.train.curves import Boundaries, Curve, Look, value_text
from studio.ui.train.hover_values import HoverValues
from studio.ui.train.legend import Legend
from studio.ui.train.paint_turns import PaintTurns
from studio.ui.train.plot_canvas import PIXEL_MARGIN, PlotCanvas
from studio.ui.train.plot_line import PlotLine

_EPOCH_LINES: Final = 60
"""Beyond so many epochs their lines would be a grey wall."""


class CurvePlot(QFrame):
    """Draws `Curve`s. The line above names them with their last values, or with those under the mouse."""

    def __init__(
        self,
        title: str,
        *,
        x_name: str,
        right_axis: bool = False,
        bottom: pg.AxisItem | None = None,
        left: pg.AxisItem | None = None,
        waits_for: str = "",
        turns: PaintTurns | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`waits_for` says, in the place of the axes, what will bring the first curve."""
        super().__init__(parent)
        self.setProperty("role", "card")
        self._x_name = x_name
        self._curves: list[Curve] = []
        self.items_by_key: dict[str, PlotLine] = {}
        self._drawn: dict[str, tuple[int, float | None, float]] = {}
        self._painted: dict[str, tuple[Look, int, bool]] = {}
        self._boundary_lines: list[pg.InfiniteLine] = []
        self._boundaries = Boundaries()
        self._log = (False, False)
        self._hovered: float | None = None
        self.canvas = PlotCanvas(self, bottom=bottom, left=left, turns=turns)
        self._right = self._add_right_axis() if right_axis else None
        self.waiting = QLabel(waits_for)
        self.waiting.setProperty("role", "muted")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.waiting.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.title = QLabel(title.upper())
        self.title.setProperty("role", "section")
        self.legend = Legend()
        self.title_row = self._lay_out()
        self._show_canvas(not waits_for)
        self.hover = HoverValues(self.canvas)
        box = self.canvas.drawing.getViewBox()
        box.sigXRangeChanged.connect(self._show_visible)
        box.sigResized.connect(self._show_visible)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setVisible(False)
        self.canvas.drawing.addItem(self._cursor, ignoreBounds=True)
        self.canvas.drawing.scene().sigMouseMoved.connect(self._on_mouse)
        self.canvas.viewport().installEventFilter(self)
        theme().changed.connect(self._dress)
        self.canvas.ratio_changed.connect(self._dress)
        self._dress()

    def _lay_out(self) -> QHBoxLayout:
        """The row of the title, for whoever has something to add to it."""
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 0)
        row.setSpacing(8)
        row.addWidget(self.title)
        row.addWidget(self.legend, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 3)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.waiting, 1)
        return row

    # ------------------------------------------------------------------------------------------------ drawing
    def draw(self, curves: Sequence[Curve], boundaries: Boundaries | None = None) -> None:
        """Show these curves and no others; those whose arrays did not grow are left alone."""
        self._curves = list(curves)
        kept = {curve.key for curve in curves}
        for key in [key for key in self.items_by_key if key not in kept]:
            self._remove(key)
        for curve in curves:
            self._draw_curve(curve)
        if boundaries is not None and boundaries != self._boundaries:
            self._boundaries = boundaries
            self._draw_boundaries()
        self._show_canvas(not self.waiting.text() or any(len(curve.x) for curve in curves))
        self._write_legend()

    def _show_canvas(self, shown: bool) -> None:
        """Axes without a curve would show numbers that mean nothing."""
        self.waiting.setVisible(not shown)
        self.canvas.setVisible(shown)

    def set_x_name(self, name: str) -> None:
        """What the x axis counts, for the values under the mouse."""
        self._x_name = name

    def show_everything(self) -> None:
        """Follow the curves again after a person has zoomed."""
        self.canvas.drawing.enableAutoRange()

    def set_log(self, *, x: bool, y: bool) -> None:
        """Powers of ten on these axes; what is not above 0 is left out there. The right axis stays as it is."""
        self._log = (x, y)
        self.canvas.drawing.setLogMode(x, y)
        self.canvas.drawing.getAxis("right").setLogMode(x=x, y=False)
        for curve in self._curves:
            if curve.right_axis:
                self.items_by_key[curve.key].setLogMode(x, False)
        self._show_visible()
        self._draw_boundaries()
        self.show_everything()

    def data(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """All points of a drawn curve, x and y."""
        item = self.items_by_key[key]
        return item.full_x, item.full_y

    @property
    def keys(self) -> list[str]:
        return list(self.items_by_key)

    def _draw_curve(self, curve: Curve) -> None:
        item = self.items_by_key.get(curve.key)
        if item is None:
            item = self._add(curve)
        if self._painted.get(curve.key) != _paint_of(curve):
            self._paint(curve)
        state = (len(curve.x), float(curve.x[-1]) if len(curve.x) else None, curve.variant)
        if self._drawn.get(curve.key) != state:
            self._drawn[curve.key] = state
            item.show_points(curve.x, curve.y)

    def _add(self, curve: Curve) -> PlotLine:
        item = PlotLine(antialias=curve.look is not Look.FAINT)
        self.items_by_key[curve.key] = item
        (self._right if curve.right_axis and self._right else self.canvas.drawing).addItem(item)
        item.setLogMode(self._log[0], self._log[1] and not curve.right_axis)
        item.show_part(*self._visible_part())
        return item

    def _show_visible(self) -> None:
        part = self._visible_part()
        for item in self.items_by_key.values():
            item.show_part(*part)

    def _visible_part(self) -> tuple[float, float, int]:
        """From where to where the x axis goes, and over how many columns of the screen's own pixels. What follows its
        curves shows all of them, also those that it will only see when it is painted next."""
        box = self.canvas.drawing.getViewBox()
        low, high = (self._x_of(end) for end in box.viewRange()[0])
        if box.autoRangeEnabled()[0]:
            low, high = -math.inf, math.inf
        return low, high, max(int(box.width() * self.canvas.devicePixelRatioF()), 1)

    def _x_of(self, place: float) -> float:
        """What stands at a place of the view, whose unit is a power of ten on a logarithmic axis."""
        return 10.0 ** min(place, 300.0) if self._log[0] else place

    def _place_of(self, x: float) -> float:
        return math.log10(x) if self._log[0] and x > 0 else x

    def _remove(self, key: str) -> None:
        item = self.items_by_key.pop(key)
        self._drawn.pop(key, None)
        self._painted.pop(key, None)
        owner = item.getViewBox()
        (owner if owner is self._right and owner is not None else self.canvas.drawing).removeItem(item)

    def _paint(self, curve: Curve) -> None:
        item = self.items_by_key[curve.key]
        self._painted[curve.key] = _paint_of(curve)
        color = theme().color(f"series_{curve.series}")
        item.setPen(self._pen(color, curve.look))
        if not _has_marks(curve):
            item.setSymbol(None)
            return
        item.setSymbol("o")
        item.setSymbolSize(5)
        item.setSymbolBrush(color)
        item.setSymbolPen(None)

    def _pen(self, color: QColor, look: Look) -> QPen:
        if look is Look.FAINT:
            color.setAlphaF(0.35)
        pen = self.canvas.pen(color, 1 if look is Look.FAINT else 1.6)
        if look is Look.DASHED:
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen

    def _draw_boundaries(self) -> None:
        for line in self._boundary_lines:
            self.canvas.drawing.removeItem(line)
        epochs = self._boundaries.epochs if len(self._boundaries.epochs) <= _EPOCH_LINES else ()
        self._boundary_lines = [self._boundary(x, stage=False) for x in epochs]
        self._boundary_lines += [self._boundary(x, stage=True) for x in self._boundaries.stages]

    def _boundary(self, x: float, *, stage: bool) -> pg.InfiniteLine:
        pen = self.canvas.pen(theme().color("muted" if stage else "line"), 1)
        if stage:
            pen.setStyle(Qt.PenStyle.DashLine)
        line = pg.InfiniteLine(self._place_of(x), angle=90, pen=pen)
        line.setZValue(-10)
        self.canvas.drawing.addItem(line, ignoreBounds=True)
        return line

    # ------------------------------------------------------------------------------------------------ reading
    def _on_mouse(self, position: QPointF) -> None:
        box = self.canvas.drawing.getViewBox()
        inside = box.sceneBoundingRect().contains(position)
        self._hovered = self._x_of(float(box.mapSceneToView(position).x())) if inside else None
        self._write_legend()

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave:
            self._hovered = None
            self._write_legend()
        return super().eventFilter(watched, event)

    def _write_legend(self) -> None:
        named = [curve for curve in self._curves if curve.named and len(curve.x)]
        at = _nearest(named, self._hovered) if self._hovered is not None else None
        self._cursor.setVisible(at is not None)
        place = f"{self._x_name} {at:,.0f}" if at is not None else ""
        if at is not None:
            self._cursor.setValue(self._place_of(at))
        values: list[tuple[Curve, str]] = []
        for curve in named:
            index = len(curve.x) - 1 if at is None else nearest_index(curve.x, at)
            value = float(curve.y[index])
            if np.isfinite(value):
                values.append((curve, value_text(value)))
        self.legend.show_values(place, values)
        if at is None or self.legend.has_values:
            self.hover.hide()
        else:
            scene = self.canvas.drawing.getViewBox().mapViewToScene(QPointF(self._place_of(at), 0))
            self.hover.show_values(place, values, at=self.canvas.mapFromScene(scene).x())

    # ------------------------------------------------------------------------------------------------ looks
    def _dress(self) -> None:
        self.canvas.dress()
        self._cursor.setPen(self.canvas.pen(theme().color("faint"), 1))
        for curve in self._curves:
            if curve.key in self.items_by_key:
                self._paint(curve)
        self._draw_boundaries()
        self._write_legend()

    def _add_right_axis(self) -> pg.ViewBox:
        item = self.canvas.drawing
        box = pg.ViewBox(enableMenu=False, defaultPadding=PIXEL_MARGIN)
        item.showAxis("right")
        item.scene().addItem(box)
        item.getAxis("right").linkToView(box)
        item.getAxis("right").setGrid(False)
        box.setXLink(item.getViewBox())
        box.setMouseEnabled(x=False, y=False)
        item.getViewBox().sigResized.connect(lambda: box.setGeometry(item.getViewBox().sceneBoundingRect()))
        return box


def _has_marks(curve: Curve) -> bool:
    """Whether each value is marked: a run's first batch, a single value, would be no line and so not be seen."""
    return curve.look is Look.POINTS or len(curve.x) == 1


def _paint_of(curve: Curve) -> tuple[Look, int, bool]:
    return curve.look, curve.series, _has_marks(curve)


def nearest_index(x: np.ndarray, wanted: float) -> int:
    """Of the point that lies closest to `wanted`; `x` (n,) ascends."""
    right = int(np.searchsorted(x, wanted))
    if right == len(x):
        return len(x) - 1
    return right - 1 if right and wanted - x[right - 1] <= x[right] - wanted else right


def _nearest(curves: Sequence[Curve], x: float) -> float | None:
    """The x of the curves' points that lies closest to `x`."""
    candidates = [float(curve.x[nearest_index(curve.x, x)]) for curve in curves]
    return min(candidates, key=lambda found: abs(found - x)) if candidates else None
