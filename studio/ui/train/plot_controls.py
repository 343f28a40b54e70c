"""How all plots of a run are drawn: how smooth, on which axes, and the way back from a zoom."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QWidget

from studio.ui.train.curves import RECORDED_SMOOTHING

_NOTCHES: Final = 60
_DECADES: Final = 3.0
"""The slider ends at a mean that keeps 0.999 of itself."""


class PlotControls(QWidget):
    """`smoothing` is how much of the mean of the losses each batch keeps: 0 to 0.999."""

    smoothing_changed = Signal(float)
    log_changed = Signal(bool, bool)
    """For the axis of batches and for the axis of values."""
    fit_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("smoothing")
        self.slider.setAccessibleName("How smooth the loss by batch is drawn")
        self.slider.setRange(0, _NOTCHES)
        self.slider.setPageStep(5)
        self.slider.setMinimumWidth(40)
        self.slider.setMaximumWidth(120)
        self.slider.setValue(_notch_of(RECORDED_SMOOTHING))
        self.slider.valueChanged.connect(self._smoothing_moved)
        self.caption = QLabel("Smooth")
        self.caption.setProperty("role", "muted")
        self.log_x = self._button("log_x", "log x", "Batches in powers of ten: the first ones get more room")
        self.log_y = self._button("log_y", "log y", "Losses, rates and norms in powers of ten")
        for button in (self.log_x, self.log_y):
            button.setCheckable(True)
            button.toggled.connect(lambda _on: self.log_changed.emit(self.log_x.isChecked(), self.log_y.isChecked()))
        self.fit = self._button("fit_plots", "Fit", "Show the whole run again after zooming with wheel or mouse")
        self.fit.clicked.connect(self.fit_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for widget in (self.caption, self.slider, self.log_x, self.log_y, self.fit):
            row.addWidget(widget)
        self._tell()

    @property
    def smoothing(self) -> float:
        if self.slider.value() == _notch_of(RECORDED_SMOOTHING):
            return RECORDED_SMOOTHING
        return 1 - 10 ** (-_DECADES * self.slider.value() / _NOTCHES)

    def _smoothing_moved(self) -> None:
        self._tell()
        self.smoothing_changed.emit(self.smoothing)

    def _tell(self) -> None:
        batches = 1 / (1 - self.smoothing)
        self.slider.setToolTip(f"The smoothed loss is a mean over some {batches:,.0f} batches")

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setProperty("framed", True)
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        return button


def _notch_of(smoothing: float) -> int:
    return round(-math.log10(1 - smoothing) * _NOTCHES / _DECADES)
