"""Sliders of the options bar, set up the same way everywhere."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSlider

from studio.ui.keyboard.keyed_texts import set_keyed_tip


def option_slider(name: str, tip: str, *, steps: int, width: int) -> QSlider:
    """A slider from 0 to `steps`, at most `width` logical pixels wide; `tip` may name actions in braces, `name` is what
    a screen reader says."""
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, steps)
    set_keyed_tip(slider, tip)
    slider.setAccessibleName(name)
    slider.setMinimumWidth(48)
    slider.setMaximumWidth(width)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider
