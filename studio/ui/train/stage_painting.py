"""How one stage looks as a block of the timeline: its colour says what learns, how high it is filled the size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from studio.core.counting import counted
from studio.core.events import StageStarted
from studio.core.recipe import Stage
from studio.ui.theme import theme
from studio.ui.train.rates import low_rate, rate_text
from studio.ui.train.stage_blocks import GAP

LINES: Final = 3
PADDING: Final = 4.0

_RADIUS: Final = 5.0
_PLACE: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_LOWEST: Final = 0.3
"""How much of a block is filled at the smallest sizes."""


@dataclass(frozen=True)
class BlockLook:
    selected: bool
    hovered: bool
    focused: bool
    epochs: int
    """What is written; another number than the stage's while its edge is held."""
    fill: float
    """Share of the height that is filled."""


def fills(stages: Sequence[Stage]) -> list[float]:
    """How high each block is filled: as the sides of its pictures are to the largest of the recipe, 0 to 1."""
    largest = max(stage.height * stage.width for stage in stages)
    return [max(_LOWEST, math.sqrt(stage.height * stage.width / largest)) for stage in stages]


def size_texts(stage: Stage) -> tuple[str, str]:
    """96×128, and 96 where there is no room for it; of texts, where every stage reads the same, what learns."""
    if stage.height > 1:
        return f"{stage.height}×{stage.width}", f"{stage.height}"
    if stage.language:
        return "Language", "LM"
    if stage.frozen:
        return "Head", "Head"
    return (f"Last {stage.unfrozen}", f"−{stage.unfrozen}") if stage.unfrozen else ("All", "All")


def part_in_words(stage: Stage | StageStarted) -> str:
    if stage.language:
        return "the language model"
    if stage.frozen:
        return "the head only"
    return f"the last {stage.unfrozen} groups" if stage.unfrozen else "the whole network"


def stage_sentence(stage: Stage, number: int) -> str:
    """Stage 2: 5 epochs of images at 128×128, 32 a batch, the head only, at a rate of 1e-2."""
    low = None if stage.frozen else low_rate(stage.lr)
    rate = rate_text(stage.lr.high) if low is None else f"{rate_text(low)} to {rate_text(stage.lr.high)}"
    return (
        f"Stage {number}: {counted(stage.epochs, 'epoch')} of {stage.size_in_words}, {stage.batch_size} a batch, "
        f"{part_in_words(stage)}, at a rate of {rate}."
    )


def smallest_width(stages: Sequence[Stage], font: QFont, room: float) -> float:
    """At which every block still shows its size: in full where all blocks have `room` for that."""
    metrics = QFontMetricsF(_bold(font))
    full, short = (
        math.ceil(max(metrics.horizontalAdvance(size_texts(stage)[i]) for stage in stages) + 2 * PADDING + 2)
        for i in range(2)
    )
    short = max(short, math.ceil(metrics.horizontalAdvance("8e-8") + 2 * PADDING))
    fits = len(stages) * (full + GAP) - GAP <= room
    return max(full, short) if fits else short


def block_height(font: QFont) -> float:
    return LINES * QFontMetricsF(font).height() + 2 * PADDING


def paint_block(painter: QPainter, rect: QRectF, stage: Stage, look: BlockLook) -> None:
    shape = QPainterPath()
    shape.addRoundedRect(rect, _RADIUS, _RADIUS)
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.fillRect(rect, theme().color("base"))
    _paint_fill(painter, rect, stage, look)
    _paint_words(painter, rect, stage, look)
    painter.restore()
    painter.strokePath(shape, _outline(look))


def _paint_fill(painter: QPainter, rect: QRectF, stage: Stage, look: BlockLook) -> None:
    color = theme().color(_role(stage))
    level = QRectF(rect)
    level.setTop(rect.bottom() - look.fill * rect.height())
    painter.fillRect(level, _faded(color, 0.42 if look.hovered else 0.32))
    if stage.frozen:
        painter.fillRect(level, QBrush(_faded(color, 0.3), Qt.BrushStyle.BDiagPattern))


def _paint_words(painter: QPainter, rect: QRectF, stage: Stage, look: BlockLook) -> None:
    inside = rect.adjusted(PADDING, PADDING, -PADDING, -PADDING)
    font = painter.font()
    height = QFontMetricsF(font).height()
    low = None if stage.frozen else low_rate(stage.lr)
    high = rate_text(stage.lr.high)
    lines = (
        (size_texts(stage), _bold(font)),
        ((counted(look.epochs, "epoch"), f"{look.epochs} ep.", f"{look.epochs}"), font),
        ((high if low is None else f"{rate_text(low)} to {high}", high), font),
    )
    painter.setPen(theme().color("text"))
    for i, (texts, line_font) in enumerate(lines):
        painter.setFont(line_font)
        line = QRectF(inside.left(), inside.top() + i * height, inside.width(), height)
        painter.drawText(line, _PLACE, _fitting(texts, line_font, inside.width()))
    painter.setFont(font)


def _fitting(texts: Sequence[str], font: QFont, width: float) -> str:
    """The first that fits, else the last."""
    metrics = QFontMetricsF(font)
    return next((text for text in texts if metrics.horizontalAdvance(text) <= width), texts[-1])


def _outline(look: BlockLook) -> QPen:
    if look.selected:
        return QPen(theme().color("accent"), 2.5 if look.focused else 1.6)
    return QPen(theme().color("faint" if look.hovered else "line"), 1)


def _role(stage: Stage) -> str:
    if stage.language:
        return "series_4"
    if stage.frozen:
        return "series_6"
    return "series_3" if stage.unfrozen else "series_1"


def _faded(color: QColor, alpha: float) -> QColor:
    color = QColor(color)
    color.setAlphaF(alpha)
    return color


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold
