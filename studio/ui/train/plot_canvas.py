"""pyqtgraph's plot in this program's colours."""

# pyqtgraph calls its generated methods by names and arguments that its type hints do not know.
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from studio.ui.theme import theme
from studio.ui.train.paint_turns import PaintTurns

_AXIS_WIDTH: Final = 46
PIXEL_MARGIN: Final = 0.04


class PlotCanvas(pg.PlotWidget):
    """pyqtgraph's plot in our colours: drag pans, the wheel zooms, a double click shows everything again."""

    ratio_changed = Signal()
    """The screen has another number of device pixels a logical pixel; pens are to be made anew."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        bottom: pg.AxisItem | None = None,
        left: pg.AxisItem | None = None,
        turns: PaintTurns | None = None,
    ) -> None:
        """`turns` are shared by plots that stand beside each other."""
        axes = {axis.orientation: axis for axis in (bottom, left) if axis is not None}
        super().__init__(parent, axisItems=axes, enableMenu=False)
        self._turns = turns or PaintTurns(self)
        self._last = QImage()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.hideButtons()
        self.setMinimumSize(120, 56)
        item = self.drawing
        item.setContentsMargins(0, 4, 6, 0)
        item.showGrid(x=True, y=True, alpha=0.35)
        item.getViewBox().setDefaultPadding(PIXEL_MARGIN)
        for name in ("left", "bottom", "right"):
            axis = item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, autoExpandTextSpace=False, tickTextOffset=5, maxTickLevel=1)
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

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Until it is this plot's turn, what it last showed stands in its place, stretched where it has another size. A
        picture that is taken of the window waits for no turn."""
        screen = self._screen_image()
        if screen is None or self._turns.take(self.viewport()):
            super().paintEvent(ev)
            if screen is not None:
                self._last = screen.copy(self._place_on(screen))
            return
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme().color("plot"))
        painter.drawImage(self.viewport().rect(), self._last)
        painter.end()

    def _screen_image(self) -> QImage | None:
        """What the window's pixels are collected in, where this is being painted into it."""
        painter = QPainter(self.viewport())
        device = painter.paintEngine().paintDevice()
        painter.end()
        store = self.window().backingStore()
        return device if isinstance(device, QImage) and store is not None and device is store.paintDevice() else None

    def _place_on(self, screen: QImage) -> QRect:
        """The viewport's, in device pixels."""
        place = QRectF(self.viewport().mapTo(self.window(), QPoint()), self.viewport().size())
        ratio = screen.devicePixelRatio()
        return QRectF(place.topLeft() * ratio, place.size() * ratio).toRect()

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
