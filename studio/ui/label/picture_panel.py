"""How the picture looks: channel, range, brightness, contrast and gamma, without touching the data."""

from __future__ import annotations

from math import log
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from studio.core.look import LEAST_GAMMA, MOST_GAMMA
from studio.ui.label.deep_picture import DeepPicture
from studio.ui.label.picture import Picture
from studio.ui.label.picture_look import channels_of
from studio.ui.label.view_choices import ViewChoices

_STEPS: Final = 100
_COLORS: Final = ("Red", "Green", "Blue")


class PicturePanel(QWidget):
    """Bound to the look in `ViewChoices`; what can be chosen follows the picture that shows."""

    def __init__(self, choices: ViewChoices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._picture: Picture | None = None
        self.channel = QComboBox()
        self.channel.setAccessibleName("Channel that shows")
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.channel.setMinimumContentsLength(4)
        self.stretch = QCheckBox("Stretch the range")
        self.stretch.setToolTip("Black and white are the values that occur in this picture, not all that could")
        self.brightness = _slider("Brightness")
        self.contrast = _slider("Contrast")
        self.gamma = _slider("Gamma")
        self.reset = QPushButton("Reset")
        self._lay_out()
        self._connect()
        self.show_picture(None)

    def show_picture(self, picture: Picture | None) -> None:
        """Offer the channels of this picture."""
        self._picture = picture
        count = channels_of(picture) if picture is not None else 3
        names = list(_COLORS) if count == 3 else [f"Channel {number}" for number in range(1, count + 1)]
        offered = ["All in colour" if count == 3 else "The first three"] * (count >= 3) + names
        with QSignalBlocker(self.channel):
            if [self.channel.itemText(row) for row in range(self.channel.count())] != offered:
                self.channel.clear()
                self.channel.addItems(offered)
        self.channel.setEnabled(count > 1)
        self._show()

    def _connect(self) -> None:
        choices = self._choices
        self.channel.activated.connect(lambda row: choices.set_look(channel=self._channel_at(row)))
        self.stretch.clicked.connect(self._set_stretch)
        self.brightness.valueChanged.connect(lambda step: choices.set_look(brightness=step / _STEPS))
        self.contrast.valueChanged.connect(lambda step: choices.set_look(contrast=step / _STEPS))
        self.gamma.valueChanged.connect(lambda step: choices.set_look(gamma=_gamma_at(step)))
        self.reset.clicked.connect(choices.reset_look)
        choices.changed.connect(self._show)

    def _set_stretch(self, on: bool) -> None:
        self._choices.set(**{"stretch_deep" if self._is_deep else "stretch_plain": on})

    def _show(self) -> None:
        seen = self._choices.seen
        look = seen.look
        parts = (
            (self.brightness, round(look.brightness * _STEPS)),
            (self.contrast, round(look.contrast * _STEPS)),
            (self.gamma, _step_of(look.gamma)),
        )
        for slider, step in parts:
            with QSignalBlocker(slider):
                slider.setValue(step)
        has_colors = channels_of(self._picture) >= 3 if self._picture is not None else True
        row = 0 if look.channel is None else look.channel + has_colors
        with QSignalBlocker(self.channel):
            self.channel.setCurrentIndex(min(row, self.channel.count() - 1))
        with QSignalBlocker(self.stretch):
            self.stretch.setChecked(seen.stretch_deep if self._is_deep else seen.stretch_plain)

    @property
    def _is_deep(self) -> bool:
        return isinstance(self._picture, DeepPicture)

    def _channel_at(self, row: int) -> int | None:
        """A picture of one or two channels has no row for all in colour."""
        channels = channels_of(self._picture) if self._picture is not None else 3
        if channels < 3:
            return row
        return None if row == 0 else row - 1

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(12, 4, 12, 4)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        rows = (("Channel", self.channel), ("Brightness", self.brightness), ("Contrast", self.contrast))
        for row, (name, control) in enumerate((*rows, ("Gamma", self.gamma))):
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(control, row, 1)
        grid.addWidget(self.stretch, 4, 0, 1, 2)
        grid.addWidget(self.reset, 5, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.addLayout(grid)
        layout.addStretch(1)


def _slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(-_STEPS, _STEPS)
    slider.setPageStep(10)
    slider.setAccessibleName(name)
    slider.setMinimumWidth(60)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _gamma_at(step: int) -> float:
    """From the least to the most by its logarithm, 1 in the middle."""
    return float((MOST_GAMMA if step > 0 else 1 / LEAST_GAMMA) ** (step / _STEPS))


def _step_of(gamma: float) -> int:
    return round(_STEPS * log(gamma) / log(MOST_GAMMA if gamma > 1 else 1 / LEAST_GAMMA))
