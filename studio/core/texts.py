"""Documents: text files as a person reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from studio.core.atomic import why
from studio.core.errors import UnreadableText

TEXT_SUFFIXES: Final = frozenset({".txt", ".text", ".md"})

_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MANY_LINES: Final = re.compile(r"\n{3,}")


def read_document(path: Path) -> str:
    """The text of a file sign for sign, line ends included: UTF-8, UTF-16 with a mark at its start, or else Latin-1, in
    which every file is a text. Raises UnreadableText."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableText(path, why(error)) from error
    return decoded(data)


def decoded(data: bytes) -> str:
    """What the bytes of a text file say."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def as_read(text: str) -> str:
    """The text as it is shown: HTML breaks as line breaks, several in a row as one blank line, and every line end as a
    line feed. What is stored stays as it is."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    parts = _BREAK.split(text)
    if len(parts) == 1:
        return text
    return _MANY_LINES.sub("\n\n", "\n".join(part.strip(" \t") for part in parts))


def first_words(path: Path, *, at_most: int = 160) -> str:
    """The beginning of a document in one line, `at_most` signs; reads a few bytes only. Raises UnreadableText."""
    return " ".join(_start(path, 6 * at_most).split())[:at_most]


def beginning(path: Path, *, at_most: int) -> str:
    """The first `at_most` signs of a document as it is read, with its lines; reads little more than that. Raises
    UnreadableText."""
    return _start(path, 6 * at_most)[:at_most]


def _start(path: Path, count: int) -> str:
    """What the first `count` bytes of a document say, as it is read."""
    try:
        with path.open("rb") as file:
            data = file.read(count)
    except OSError as error:
        raise UnreadableText(path, why(error)) from error
    while data and data[-1] & 0b1100_0000 == 0b1000_0000:  # a sign that is cut off would make the rest no UTF-8
        data = data[:-1]
    if data and data[-1] >= 0b1100_0000:
        data = data[:-1]
    return as_read(decoded(data))
