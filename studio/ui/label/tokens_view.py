"""What a model reads of a document: its tokens, each with its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QLabel, QTextEdit, QVBoxLayout, QWidget

from studio.core.tokens import MARKS
from studio.core.vocabulary import UNKNOWN_ID, Vocabulary
from studio.ui.theme import theme

SHOWN: Final = 2000
"""Tokens that are laid out: some pages full, in a few milliseconds."""

_MARGIN: Final = 24
_LINE_HEIGHT: Final = 160.0


class TokensView(QWidget):
    """Marks are coloured, and what the vocabulary does not have is `xxunk` to the model and stands out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tokens_view")
        self.heading = QLabel()
        self.heading.setProperty("role", "muted")
        self.heading.setWordWrap(True)
        self.heading.setContentsMargins(_MARGIN, 10, _MARGIN, 6)
        self.page = QTextEdit()
        self.page.setReadOnly(True)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setProperty("role", "document")
        self.page.setAccessibleName("Tokens and their ids")
        self.page.setViewportMargins(_MARGIN, 0, _MARGIN, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self.page, 1)
        self._shown: tuple[Sequence[str], Vocabulary | None, str] = ((), None, "")
        theme().changed.connect(self._lay_out)

    def wait(self) -> None:
        """The tokens are being made."""
        self._shown = ((), None, "")
        self.heading.setText("Splitting the text into tokens…")
        self.page.clear()

    def show_tokens(self, tokens: Sequence[str], vocabulary: Vocabulary | None, source: str) -> None:
        """`source` says where the vocabulary comes from, or why there is none yet."""
        self._shown = (tokens, vocabulary, source)
        self._lay_out()

    def show_sentence(self, sentence: str) -> None:
        """In place of tokens."""
        self.wait()
        self.heading.setText(sentence)

    def _lay_out(self) -> None:
        tokens, vocabulary, source = self._shown
        if not tokens:
            return
        ids = vocabulary.ids_of(tokens) if vocabulary is not None else None
        self.heading.setText(heading(tokens, ids, vocabulary, source))
        plain, mark, unknown, number = (_ink(name) for name in ("text", "accent", "danger", "muted"))
        number.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSubScript)
        unknown.setFontUnderline(True)
        self.page.clear()
        cursor = QTextCursor(self.page.document())
        cursor.beginEditBlock()
        block = QTextBlockFormat()
        block.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(block)
        for place, token in enumerate(tokens[:SHOWN]):
            is_unknown = ids is not None and ids[place] == UNKNOWN_ID
            cursor.insertText(token, unknown if is_unknown else mark if token in MARKS else plain)
            cursor.insertText(f"\u2060{ids[place]}  " if ids is not None else "  ", number)
        if len(tokens) > SHOWN:
            cursor.insertText(f"… and {len(tokens) - SHOWN:,} tokens more", number)
        cursor.endEditBlock()
        self.page.moveCursor(QTextCursor.MoveOperation.Start)


def heading(tokens: Sequence[str], ids: Sequence[int] | None, vocabulary: Vocabulary | None, source: str) -> str:
    """`238 tokens, 12 of them not among the 7,102 of run 0003, which reads them as xxunk (id 0).`"""
    if ids is None or vocabulary is None:
        return f"{len(tokens):,} tokens. {source}"
    unknown = ids.count(UNKNOWN_ID)
    return (
        f"{len(tokens):,} tokens, {unknown:,} of them not among the {len(vocabulary):,} {source}: "
        "a model reads those as xxunk, id 0."
    )


def _ink(color: str) -> QTextCharFormat:
    ink = QTextCharFormat()
    ink.setForeground(theme().color(color))
    ink.setFontWeight(QFont.Weight.Medium if color == "accent" else QFont.Weight.Normal)
    return ink
