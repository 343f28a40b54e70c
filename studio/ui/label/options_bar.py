"""The strip above the canvas: the brush's size, the label's opacity, and what lies over the picture."""

from __future__ import annotations

from math import log
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

from studio.core.settings import Task
from studio.ui.label.buttons import action_button, icon_button
from studio.ui.label.choices import LARGEST_BRUSH, SMALLEST_BRUSH, Choices
from studio.ui.label.overlay_colors import View
from studio.ui.theme import theme

_SLIDER_STEPS: Final = 200


class OptionsBar(QFrame):
    prediction_closed = Signal()
    """The person wants the run's prediction out of the way."""

    def __init__(self, choices: Choices, overlay_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("options_bar")
        self.setProperty("role", "bar")
        self._choices = choices
        self._size_label = QLabel("Size")
        self.size_slider = _slider("Brush size", "Brush size (Ctrl+wheel, [ and ])", _SLIDER_STEPS, 130)
        self.size_box = QSpinBox(minimum=SMALLEST_BRUSH, maximum=LARGEST_BRUSH, suffix=" px")
        self.size_box.setFixedWidth(88)
        self.size_box.setAccessibleName("Brush size in image pixels")
        self.size_box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.opacity_slider = _slider("Label opacity", "Opacity of the label (comma and full stop)", 100, 100)
        self._overlay_button = action_button(overlay_action)
        self.close_button = icon_button("Hide the prediction", icon_size=16)
        self.prediction_group = QWidget()
        self.run_label = QLabel()
        self.view_buttons: dict[View, QPushButton] = {}
        self._lay_out()
        self._connect()
        self.show_run(None)

    def show_run(self, run: str | None) -> None:
        """Offer the views of a prediction while there is one."""
        self.prediction_group.setVisible(run is not None)
        self.run_label.setText(f"Run {run}" if run is not None else "")

    def _connect(self) -> None:
        choices = self._choices
        self.size_slider.valueChanged.connect(lambda step: choices.set_brush_size(_size_at(step)))
        self.size_box.valueChanged.connect(choices.set_brush_size)
        self.size_box.editingFinished.connect(self.size_box.clearFocus)
        self.opacity_slider.valueChanged.connect(lambda percent: choices.set_opacity(percent / 100))
        choices.brush_size_changed.connect(self._show_size)
        choices.tool_changed.connect(self._show_size)
        choices.opacity_changed.connect(self._show_opacity)
        choices.view_changed.connect(self._show_view)
        self.close_button.clicked.connect(self.prediction_closed)
        theme().changed.connect(self._dress)
        for view, button in self.view_buttons.items():
            button.clicked.connect(lambda _=False, view=view: choices.set_view(view))
        self._show_size()
        self._show_opacity()
        self._show_view()
        self._dress()

    def _dress(self) -> None:
        self.close_button.setIcon(theme().icon("close", "muted"))

    def _show_size(self, *_: object) -> None:
        size = self._choices.brush_size
        with QSignalBlocker(self.size_slider), QSignalBlocker(self.size_box):
            self.size_slider.setValue(_step_of(size))
            self.size_box.setValue(size)
        for widget in (self._size_label, self.size_slider, self.size_box):
            widget.setEnabled(self._choices.has_brush)

    def _show_opacity(self, *_: object) -> None:
        with QSignalBlocker(self.opacity_slider):
            self.opacity_slider.setValue(round(self._choices.opacity * 100))

    def _show_view(self, *_: object) -> None:
        self.view_buttons[self._choices.view].setChecked(True)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 8, 4)
        layout.setSpacing(8)
        if self._choices.task is Task.SEGMENTATION:
            layout.addWidget(self._size_label)
            layout.addWidget(self.size_slider, 2)
            layout.addWidget(self.size_box)
            layout.addSpacing(10)
            layout.addWidget(QLabel("Opacity"))
            layout.addWidget(self.opacity_slider, 2)
        layout.addWidget(self._overlay_button)
        layout.addSpacing(4)
        layout.addStretch(1)
        layout.addWidget(self.prediction_group)
        inside = QHBoxLayout(self.prediction_group)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        self.run_label.setProperty("role", "muted")
        inside.addWidget(self.run_label)
        group = QButtonGroup(self)
        for view in View:
            button = QPushButton(str(view).capitalize())
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.setToolTip(f"Show the {view} (D goes round)")
            button.setAccessibleName(f"Show the {view}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            group.addButton(button)
            inside.addWidget(button)
            self.view_buttons[view] = button
        inside.addWidget(self.close_button)


def _slider(name: str, tip: str, steps: int, width: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, steps)
    slider.setToolTip(tip)
    slider.setAccessibleName(name)
    slider.setMinimumWidth(48)
    slider.setMaximumWidth(width)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _size_at(step: int) -> int:
    """Sizes lie on the slider by their logarithm."""
    return round(SMALLEST_BRUSH * (LARGEST_BRUSH / SMALLEST_BRUSH) ** (step / _SLIDER_STEPS))


def _step_of(size: int) -> int:
    return round(_SLIDER_STEPS * log(size / SMALLEST_BRUSH) / log(LARGEST_BRUSH / SMALLEST_BRUSH))
