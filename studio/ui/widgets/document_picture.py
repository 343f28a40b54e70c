"""The beginning of a document as a picture, for tiles that show items as pictures. Fit for any thread."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QImage, QPainter

from studio.core.texts import first_words
from studio.ui.theme import theme

_MARGIN: Final = 10
_FOOT: Final = 30
_SIGNS_A_TILE: Final = 1200
_WRAPPED: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


def document_picture(path: Path, *, width: int, height: int) -> QImage:
    """As many of its first words as fit into `width` × `height` device pixels above the foot, over which goes what
    label and model say. Raises UnreadableText."""
    words = first_words(path, at_most=_SIGNS_A_TILE)
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(theme().color("raised"))
    painter = QPainter(picture)
    font = QFont()
    font.setPixelSize(max(11, min(18, width // 30)))
    painter.setFont(font)
    painter.setPen(theme().color("text"))
    room = QRect(_MARGIN, _MARGIN, max(1, width - 2 * _MARGIN), max(1, height - 2 * _MARGIN - _FOOT))
    painter.drawText(room, int(_WRAPPED), words)
    painter.end()
    return picture
