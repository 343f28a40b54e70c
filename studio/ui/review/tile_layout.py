"""Where the parts of a tile lie: its pictures, the model's answers and the caption. Plain arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize

from studio.core.settings import TAG_TASKS, Task

PADDING: Final = 8
_PANE_GAP: Final = 4
_PART_GAP: Final = 6
_ONE_PANE_BELOW: Final = 300
"""Tiles narrower than this show one picture: where label and prediction differ."""

_ANSWERS_BESIDE_FROM: Final = 300
"""From this width on, a picture has the answers at its right; below, under it."""

_PICTURE_SHARE: Final = 0.56
"""Of the width, where the answers stand beside the picture."""

_FEW_ANSWERS_BELOW: Final = 180
_HIGHEST_TEXT: Final = 320
"""What weighed most in a text has room in so many lines; the preview has all of them."""

ANSWER_PADDING: Final = 5
"""Of a row of the answers, over and under its words together."""

PANE_NAMES: Final = {
    Task.SEGMENTATION: ("Label", "Prediction", "Difference"),
    Task.KEYPOINTS: ("Picture", "Close-up"),
    **dict.fromkeys(TAG_TASKS, ("Picture",)),
}


@dataclass(frozen=True)
class TileLayout:
    """All of it relative to the tile's top left corner, in logical pixels. `answers` is empty where a task has none."""

    panes: tuple[QRect, ...]
    answers: QRect
    caption: QRect
    height: int


@dataclass(frozen=True)
class TileMeasures:
    """What the size of a tile's parts depends on: the `classes` are those of the project, `line` and `small_line` the
    heights of the caption's two lines."""

    task: Task
    classes: int
    line: int
    small_line: int

    @property
    def answer_row(self) -> int:
        return self.small_line + ANSWER_PADDING

    def layout(self, width: int, aspect: float) -> TileLayout:
        """Of a tile `width` wide whose pictures are `aspect` times as wide as high."""
        if self.task in TAG_TASKS:
            return self._with_answers(width, aspect)
        count = 1 if width < _ONE_PANE_BELOW else len(PANE_NAMES[self.task])
        pane = self._pane((width - 2 * PADDING - (count - 1) * _PANE_GAP) // count, aspect)
        corners = [QPoint(PADDING + place * (pane.width() + _PANE_GAP), PADDING) for place in range(count)]
        return self._finished(width, [QRect(corner, pane) for corner in corners], QRect(), PADDING + pane.height())

    def _with_answers(self, width: int, aspect: float) -> TileLayout:
        inner = width - 2 * PADDING
        corner = QPoint(PADDING, PADDING)
        if self.task is Task.TEXT or width < _ANSWERS_BESIDE_FROM:
            pane = QRect(corner, self._pane(inner, aspect))
            if self.task is Task.TEXT:
                pane.setHeight(min(pane.height(), _HIGHEST_TEXT))
            rows = min(self.classes, 2 if width < _FEW_ANSWERS_BELOW else 3)
            place = QPoint(PADDING, pane.bottom() + 1 + _PART_GAP)
            answers = QRect(place, QSize(inner, rows * self.answer_row))
            return self._finished(width, [pane], answers, answers.bottom() + 1)
        pane = QRect(corner, self._pane(round(inner * _PICTURE_SHARE), aspect))
        left = pane.right() + 1 + _PART_GAP
        answers = QRect(left, PADDING, width - PADDING - left, pane.height())
        return self._finished(width, [pane], answers, pane.bottom() + 1)

    def _finished(self, width: int, panes: list[QRect], answers: QRect, bottom: int) -> TileLayout:
        caption = QRect(PADDING, bottom + _PART_GAP, width - 2 * PADDING, self.line + self.small_line + 3)
        return TileLayout(tuple(panes), answers, caption, caption.bottom() + 1 + PADDING)

    @staticmethod
    def _pane(width: int, aspect: float) -> QSize:
        return QSize(width, max(8, round(width / aspect)))
