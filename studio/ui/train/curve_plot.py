"""A plot with its title, its legend and the values under the mouse in one line above it."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.ui.theme import theme
from studio.ui.train.curves import Boundaries, Curve, Look, value_text
from studio.ui.train.legend import Legend

_EPOCH_LINES: Final = 60
"""Beyond so many epochs their lines would be a grey wall."""

_AXIS_WIDTH: Final = 46
_PIXEL_MARGIN: Final = 0.04


class PlotCanvas(pg.PlotWidget):
    """pyqtgraph's plot in our colours: drag pans, the wheel zooms, a double click shows everything again."""

    ratio_changed = Signal()
    """The screen has another number of device pixels a logical pixel; pens are to be made anew."""

    def __init__(
        self, parent: QWidget | None = None, *, bottom: pg.AxisItem | None = None, left: pg.AxisItem | None = None
    ) -> None:
        axes = {axis.orientation: axis for axis in (bottom, left) if axis is not None}
        super().__init__(parent, axisItems=axes)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumSize(120, 80)
        item = self.drawing
        item.setContentsMargins(0, 4, 6, 0)
        item.showGrid(x=True, y=True, alpha=0.35)
        item.getViewBox().setDefaultPadding(_PIXEL_MARGIN)
        for name in ("left", "bottom", "right"):
            axis = item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, autoExpandTextSpace=False, tickTextOffset=5)
        for name in ("left", "right"):
            item.getAxis(name).setWidth(_AXIS_WIDTH)
        self.dress()

    @property
    def drawing(self) -> Any:
        """pyqtgraph's PlotItem; its annotations leave out most of what it can do."""
        return self.getPlotItem()

    def pen(self, color: QColor, width: float) -> QPen:
        """`width` in logical pixels: a plot's pens keep their width at any zoom, which makes Qt count device pixels."""
        return pg.mkPen(color, width=width * self.devicePixelRatioF())

    def event(self, ev: QEvent) -> bool:
        if ev.type() == QEvent.Type.DevicePixelRatioChange:
            self.ratio_changed.emit()
        return super().event(ev)

    def dress(self) -> None:
        """Take the theme's colours."""
        self.setBackground(theme().color("plot"))
        for name in ("left", "bottom", "right"):
            axis = self.drawing.getAxis(name)
            axis.setPen(self.pen(theme().color("line"), 1))
            axis.setTextPen(theme().color("muted"))

    def mouseDoubleClickEvent(self, ev: Any) -> None:
        self.drawing.enableAutoRange()
        super().mouseDoubleClickEvent(ev)


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
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._x_name = x_name
        self._curves: list[Curve] = []
        self.items_by_key: dict[str, pg.PlotDataItem] = {}
        self._drawn: dict[str, tuple[int, float | None]] = {}
        self._painted: dict[str, tuple[Look, int, bool]] = {}
        self._boundary_lines: list[pg.InfiniteLine] = []
        self._boundaries = Boundaries()
        self._hovered: float | None = None
        self.canvas = PlotCanvas(self, bottom=bottom, left=left)
        self._right = self._add_right_axis() if right_axis else None
        self.title = QLabel(title.upper())
        self.title.setProperty("role", "section")
        self.legend = Legend()
        self.title_row = QHBoxLayout()
        self.title_row.setContentsMargins(10, 4, 10, 0)
        self.title_row.setSpacing(8)
        self.title_row.addWidget(self.title)
        self.title_row.addWidget(self.legend, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 3)
        layout.setSpacing(0)
        layout.addLayout(self.title_row)
        layout.addWidget(self.canvas, 1)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setVisible(False)
        self.canvas.drawing.addItem(self._cursor, ignoreBounds=True)
        self.canvas.drawing.scene().sigMouseMoved.connect(self._on_mouse)
        self.canvas.viewport().installEventFilter(self)
        theme().changed.connect(self._dress)
        self.canvas.ratio_changed.connect(self._dress)
        self._dress()

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
        self._write_legend()

    def show_everything(self) -> None:
        """Follow the curves again after a person has zoomed."""
        self.canvas.drawing.enableAutoRange()

    def data(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """The points of a drawn curve as the plot holds them, x and y."""
        item = self.items_by_key[key]
        x, y = item.getOriginalDataset()
        return (np.empty(0), np.empty(0)) if x is None or y is None else (x, y)

    @property
    def keys(self) -> list[str]:
        return list(self.items_by_key)

    def _draw_curve(self, curve: Curve) -> None:
        item = self.items_by_key.get(curve.key)
        if item is None:
            item = self._add(curve)
        if self._painted.get(curve.key) != _paint_of(curve):
            self._paint(curve)
        state = (len(curve.x), float(curve.x[-1]) if len(curve.x) else None)
        if self._drawn.get(curve.key) != state:
            self._drawn[curve.key] = state
            item.setData(curve.x, curve.y)

    def _add(self, curve: Curve) -> pg.PlotDataItem:
        item = pg.PlotDataItem(connect="finite", antialias=curve.look is not Look.FAINT)
        self.items_by_key[curve.key] = item
        (self._right if curve.right_axis and self._right else self.canvas.drawing).addItem(item)
        item.setDownsampling(auto=True, method="peak")  # after addItem, which sets both to the plot's own
        item.setClipToView(True)
        return item

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
        line = pg.InfiniteLine(x, angle=90, pen=pen)
        line.setZValue(-10)
        self.canvas.drawing.addItem(line, ignoreBounds=True)
        return line

    # ------------------------------------------------------------------------------------------------ reading
    def _on_mouse(self, position: QPointF) -> None:
        box = self.canvas.drawing.getViewBox()
        inside = box.sceneBoundingRect().contains(position)
        self._hovered = float(box.mapSceneToView(position).x()) if inside else None
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
            self._cursor.setValue(at)
        values: list[tuple[Curve, str]] = []
        for curve in named:
            index = len(curve.x) - 1 if at is None else int(np.argmin(np.abs(curve.x - at)))
            value = float(curve.y[index])
            if np.isfinite(value):
                values.append((curve, value_text(value)))
        self.legend.show_values(place, values)

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
        box = pg.ViewBox(enableMenu=False, defaultPadding=_PIXEL_MARGIN)
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


def _nearest(curves: Sequence[Curve], x: float) -> float | None:
    """The x of the curves' points that lies closest to `x`."""
    candidates = [float(curve.x[np.argmin(np.abs(curve.x - x))]) for curve in curves]
    return min(candidates, key=lambda found: abs(found - x)) if candidates else None
