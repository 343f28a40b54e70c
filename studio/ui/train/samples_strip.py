"""Predictions on the same few validation items, epoch by epoch."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.events import SamplePrediction
from studio.core.settings import TAG_TASKS, Task
from studio.ui.run_history import RunHistory
from studio.ui.theme import theme
from studio.ui.train.fields import section
from studio.ui.train.sample_pictures import SamplePicture, load_sample
from studio.ui.train.sample_tile import SampleTile
from studio.ui.widgets.background import Background

_TILES: Final = 4
_KEPT: Final = 96
_PLAY_MS: Final = 450
_ROOM_FOR_LEGEND: Final = 540
_EMPTY: Final = "Predictions on four validation items appear here after the first epoch."

_Key = tuple[Path, int, int]
"""Run folder, epoch, item."""


class SamplesStrip(QWidget):
    """Follows the newest epoch until a person moves the slider back. `opened` names an item to edit."""

    opened = Signal(int)

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self._folder: Path | None = None
        self._history = RunHistory()
        self._epochs: list[int] = []
        self._pictures: dict[_Key, SamplePicture] = {}
        self._problems: dict[_Key, str] = {}
        self._work = Background("samples", waiting=2 * _TILES, parent=self)
        self._work.done.connect(self._arrived)
        self._work.failed.connect(self._broke)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("sample_epoch")
        self.slider.setAccessibleName("Epoch whose predictions are shown")
        self.slider.setPageStep(1)
        self.slider.setMinimumWidth(80)
        self.slider.setMaximumWidth(260)
        self.slider.valueChanged.connect(self._show_epoch)
        self.play = QToolButton()
        self.play.setObjectName("play_samples")
        self.play.setCheckable(True)
        self.play.setIconSize(QSize(14, 14))
        self.play.setToolTip("Play the epochs one after the other")
        self.play.setAccessibleName("Play the epochs")
        self.play.toggled.connect(self._play)
        self._playing = QTimer(self, interval=_PLAY_MS)
        self._playing.timeout.connect(self._play_next)
        self.epoch_label = QLabel()
        self.legend = QLabel()
        self.legend.setProperty("role", "muted")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.empty = QLabel(_EMPTY)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tiles = [SampleTile() for _ in range(_TILES)]
        for tile in self.tiles:
            tile.opened.connect(self.opened)
        self._arrange()
        theme().changed.connect(self._dress)
        self._dress()
        self.show_run(None, RunHistory())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.setVisible(bool(self._epochs) and event.size().width() >= _ROOM_FOR_LEGEND)

    def show_run(self, folder: Path | None, history: RunHistory) -> None:
        """The run whose samples are shown, from its newest epoch on."""
        self._folder, self._history, self._epochs = folder, history, []
        self.play.setChecked(False)
        for tile in self.tiles:
            tile.show_sample(None)
        self.refresh()

    def refresh(self) -> None:
        """Offer the epochs that were added since the last time."""
        epochs = sorted(self._history.samples)
        if epochs == self._epochs:
            self._show_empty(not epochs)
            return
        follows = not self._epochs or self.slider.value() == self.slider.maximum()
        self._epochs = epochs
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(epochs) - 1))
            if follows:
                self.slider.setValue(len(epochs) - 1)
        self._show_empty(not epochs)
        self._show_epoch()

    @property
    def shown_epoch(self) -> int | None:
        return self._epochs[self.slider.value()] if self._epochs else None

    def _play(self, on: bool) -> None:
        """From the first epoch where the last one is shown, else on from there."""
        if not on:
            self._playing.stop()
        else:
            if self.slider.value() == self.slider.maximum():
                self.slider.setValue(0)
            self._playing.start()
        self._dress()

    def _play_next(self) -> None:
        """Wait for pictures that are still being read, so that none is passed over."""
        if any(tile.isVisible() and tile.sample is None for tile in self.tiles):
            return
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() == self.slider.maximum():
            self.play.setChecked(False)

    def shut_down(self) -> None:
        """End the thread that reads pictures."""
        self._work.close()

    def _show_epoch(self) -> None:
        epoch = self.shown_epoch
        if epoch is None or self._folder is None:
            return
        self.epoch_label.setText(f"Epoch {epoch} of {self._epochs[-1]}")
        predictions = self._history.samples[epoch][:_TILES]
        watched = [prediction.item for prediction in predictions]
        for i, tile in enumerate(self.tiles):
            tile.setVisible(i < len(predictions))
            if i < len(predictions):
                self._show(tile, self._folder, epoch, predictions[i], watched)

    def _show(self, tile: SampleTile, folder: Path, epoch: int, shown: SamplePrediction, watched: list[int]) -> None:
        key = (folder, epoch, shown.item)
        if key in self._pictures:
            tile.show_sample(self._pictures[key])
        elif key in self._problems:
            tile.show_sample(None, self._problems[key])
        else:
            self._work.ask(key, partial(load_sample, folder, shown, watched))

    def _arrived(self, key: _Key, picture: SamplePicture) -> None:
        self._pictures[key] = picture
        while len(self._pictures) > _KEPT:
            del self._pictures[next(iter(self._pictures))]
        self._show_epoch_again(key)

    def _broke(self, key: _Key, error: Exception) -> None:
        if not isinstance(error, StudioError | OSError | KeyError):
            raise error
        self._problems[key] = error.sentence if isinstance(error, StudioError) else "The sample's files are gone."
        self._show_epoch_again(key)

    def _show_epoch_again(self, key: _Key) -> None:
        if key[:2] == (self._folder, self.shown_epoch):
            self._show_epoch()

    def _show_empty(self, empty: bool) -> None:
        self.empty.setVisible(empty)
        self._row.setVisible(not empty)
        self.slider.setVisible(not empty)
        self.play.setVisible(len(self._epochs) > 1)
        self.epoch_label.setVisible(not empty)
        self.legend.setVisible(not empty and self.width() >= _ROOM_FOR_LEGEND)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(10, 6, 10, 2)
        top.setSpacing(10)
        top.addWidget(section("Sample predictions"))
        top.addWidget(self.play)
        top.addWidget(self.slider, 1)
        top.addWidget(self.epoch_label)
        top.addWidget(self.legend, 1)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(10, 2, 10, 4)
        row.setSpacing(10)
        for tile in self.tiles:
            row.addWidget(tile, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._row, 1)
        layout.addWidget(self.empty, 1)

    def _dress(self) -> None:
        self.play.setIcon(theme().icon("pause" if self.play.isChecked() else "play"))
        self._write_legend()

    def _write_legend(self) -> None:
        if self._task is Task.KEYPOINTS:
            ok, danger = theme().color("ok").name(), theme().color("danger").name()
            text = f'<span style="color:{ok}">○</span> label &nbsp; <span style="color:{danger}">×</span> prediction'
        elif self._task in TAG_TASKS:
            text = "label, and what the model says"
        else:
            text = "label | prediction"
        self.legend.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.legend.setText(text)
