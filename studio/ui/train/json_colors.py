"""JSON in the theme's colours: names, texts, numbers and words apart."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from studio.ui.theme import theme

_KINDS: Final = re.compile(
    r'(?P<series_1>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<series_3>"(?:[^"\\]|\\.)*")'
    r"|(?P<series_2>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<series_4>\b(?:true|false|null)\b)"
)
"""Each kind's group is called after its colour."""


class JsonColors(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme().changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        for found in _KINDS.finditer(text):
            kind = found.lastgroup
            if kind is not None:
                look = QTextCharFormat()
                look.setForeground(theme().color(kind))
                self.setFormat(found.start(), found.end() - found.start(), look)
