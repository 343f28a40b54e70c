"""A document as a picture, its words coloured by how much they weighed for the predicted class. Fit for any thread."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QTextCharFormat, QTextLayout, QTextOption

from studio.core.errors import MissingPackage
from studio.core.excerpts import excerpts
from studio.core.texts import beginning
from studio.core.token_places import Place, token_places
from studio.core.tokens import tokenize
from studio.ui.theme import theme

TOWARDS: Final = "series_1"
AWAY: Final = "series_2"

_MARGIN: Final = 10
_SIGNS_A_TOKEN: Final = 12
"""More than tokens have on average with their spaces, so that what is read holds every token that is asked for."""

_FAINTEST: Final = 0.16
_STRONGEST: Final = 0.62
_BETWEEN: Final = " … "
_GOES_ON: Final = " …"
_LONGEST_WORD: Final = 24
"""A text without a space in so many signs is cut anywhere: not every script has spaces."""

Weighed = tuple[Place, float]


def weighed_document(
    path: Path, words: Sequence[tuple[int, float]], *, width: int, height: int, ratio: float = 1.0
) -> QImage:
    """`words` as in `ItemScore.words`. As much as fits into `width` × `height` device pixels, of which a plain screen's
    pixel has `ratio`: from its beginning where that shows all of them, else what is around them. Raises
    UnreadableText."""
    font = QFont()
    font.setPixelSize(round(ratio * max(11, min(18, width / ratio // 30))))
    margin = round(ratio * _MARGIN)
    wide, high = width - 2 * margin, height - 2 * margin
    room = _room(QFontMetrics(font), wide, high)
    last = max((place for place, _ in words), default=0)
    text = beginning(path, at_most=max(room + 1, (last + 2) * _SIGNS_A_TOKEN))
    shown, marks = _composed(text, weighed_places(text, words), room)
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(theme().color("raised"))
    painter = QPainter(picture)
    painter.setPen(theme().color("text"))
    _fitted(shown, marks, font, wide, high).draw(painter, QPointF(margin, margin))
    painter.end()
    return picture


def weighed_places(text: str, words: Sequence[tuple[int, float]]) -> list[Weighed]:
    """Where the words stand in `text`, in their order; none where nothing can split a text into its tokens."""
    if not words:
        return []
    with contextlib.suppress(MissingPackage):
        places = token_places(text, tokenize(text))
        found = [(places[number], share) for number, share in words if number < len(places)]
        return [(place, share) for place, share in found if place is not None]
    return []


def _room(metrics: QFontMetrics, width: int, height: int) -> int:
    """About how many signs fit."""
    return max(40, int(width / metrics.averageCharWidth() * (height // metrics.lineSpacing()) * 0.95))


def _composed(text: str, weighed: Sequence[Weighed], room: int) -> tuple[str, list[Weighed]]:
    """What shows of the text, in one paragraph, and where the words are in that."""
    shown, marks, end = "", list[Weighed](), 0
    for start, end in excerpts(text, [place for place, _ in weighed], room=room):
        shown += _BETWEEN if shown else _BETWEEN.lstrip() if start else ""
        moved = len(shown) - start
        shown += "".join(" " if sign.isspace() else sign for sign in text[start:end])
        marks += [((a + moved, b + moved), share) for (a, b), share in weighed if start <= a and b <= end]
    if end < len(text):
        shown = (shown.rstrip() if text[end].isspace() else _whole_words(shown)) + _GOES_ON
    return shown, marks


def _whole_words(text: str) -> str:
    """Without the word that `text` was cut in, if it was."""
    space = text.rfind(" ", max(0, len(text) - _LONGEST_WORD))
    return (text if space < 0 else text[:space]).rstrip()


def _fitted(text: str, marks: Sequence[Weighed], font: QFont, width: int, height: int) -> QTextLayout:
    """As many whole words as there is room for, with a sign after them where more would follow."""
    layout, fit = _laid_out(text, marks, font, width, height)
    words = text.removesuffix(_GOES_ON)
    while fit < len(text):
        words = _whole_words(words[: min(fit, len(words) - 1)]) if len(words) > 1 else ""
        text = words + _GOES_ON if words else ""
        layout, fit = _laid_out(text, [mark for mark in marks if mark[0][1] <= len(words)], font, width, height)
    return layout


def _laid_out(text: str, marks: Sequence[Weighed], font: QFont, width: int, height: int) -> tuple[QTextLayout, int]:
    """To be drawn only if all of it fits: also how many signs do."""
    layout = QTextLayout(text, font)
    layout.setTextOption(QTextOption())
    layout.setCacheEnabled(True)
    largest = max((abs(share) for _, share in marks), default=1.0)
    formats: list[QTextLayout.FormatRange] = []
    for (start, end), share in marks:
        part = QTextLayout.FormatRange()
        part.start, part.length, part.format = start, end - start, word_format(share, abs(share) / largest)  # pyright: ignore[reportAttributeAccessIssue]
        formats.append(part)
    layout.setFormats(formats)
    layout.beginLayout()
    y, fit = 0.0, 0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        if y + line.height() > height:
            break
        line.setPosition(QPointF(0, y))
        y += line.height()
        fit = line.textStart() + line.textLength()
    layout.endLayout()
    return layout, fit


def word_format(share: float, strength: float) -> QTextCharFormat:
    """Towards the predicted class is underlined besides its colour, so that the two are told apart without it."""
    color = QColor(theme().color(TOWARDS if share > 0 else AWAY))
    look = QTextCharFormat()
    look.setUnderlineColor(color)
    styles = QTextCharFormat.UnderlineStyle
    look.setUnderlineStyle(styles.SingleUnderline if share > 0 else styles.DotLine)
    color.setAlphaF(_FAINTEST + (_STRONGEST - _FAINTEST) * strength)
    look.setBackground(color)
    return look
