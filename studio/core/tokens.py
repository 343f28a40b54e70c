"""From a document to its tokens: words, parts of contractions and punctuation, in lower case, with marks that keep what
the case and the repetitions said. The rules are fastai 2.8's (`fastai.text.core`); the words are the Moses tokenizer's.
"""

from __future__ import annotations

import functools
import html
import importlib
import re
from collections.abc import Callable
from typing import Any, Final

from studio.core.errors import MissingPackage
from studio.core.texts import as_read

UNKNOWN: Final = "xxunk"
PADDING: Final = "xxpad"
BEGINNING: Final = "xxbos"
REPEATED_SIGN: Final = "xxrep"
REPEATED_WORD: Final = "xxwrep"
UPPER: Final = "xxup"
CAPITAL: Final = "xxmaj"

MARKS: Final = {
    UNKNOWN: "a word that the vocabulary does not have",
    PADDING: "fills a shorter document of a batch",
    BEGINNING: "a document begins",
    REPEATED_SIGN: "the next number says how often the sign after it is repeated",
    REPEATED_WORD: "the next number says how often the word after it is repeated",
    UPPER: "the next word is written in capitals",
    CAPITAL: "the next word begins with a capital",
}
"""Every mark with what it says, in the order of their ids in a vocabulary."""

Tokenizer = Callable[[str], list[str]]

_BROKEN_ENTITIES: Final = {"#39": "'", "#146": "'", "#36": "$", "amp": "&", "nbsp": " ", "quot": '"'}
"""As they are left over in web texts, the & before them often lost; all others are read by `html.unescape`."""

_BROKEN_ENTITY: Final = re.compile(rf"(?:&|\b|(?=#))({'|'.join(_BROKEN_ENTITIES)});")
_REPEATED_SIGN: Final = re.compile(r"(\S)(\1{2,})")
_REPEATED_WORD: Final = re.compile(r"(?:\s|^)(\w+)\s+((?:\1\s+)+)\1(\s|\W|$)")
_JOINING_SIGN: Final = re.compile(r"([/#\\])")
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_MISSING_SPACE: Final = re.compile(r"(?<=[a-z])([.!?])(?=[A-Z])")
_WORD_WITH_CAPITAL: Final = re.compile(r"(?<!\S)[A-Z]\S+")
_UPPER: Final = re.compile(r"[A-Z]+[^a-z\s]*")
_CAPITAL: Final = re.compile(r"[A-Z][^A-Z\s]*")
_IN_CAPITALS: Final = frozenset(mark.upper() for mark in MARKS)


def tokenize(text: str) -> list[str]:
    """The tokens of a document, `xxbos` first. Raises MissingPackage.

    The first call loads the library (half a second), so a window calls this on a thread.
    """
    split = moses()
    return [BEGINNING, *(token for line in marked(text).split("\n") for token in split(line))]


def marked(text: str) -> str:
    """The document with its marks, each a word in capitals, before it is split. A line stays a line."""
    text = _plain(text)
    text = _REPEATED_SIGN.sub(lambda m: f" {REPEATED_SIGN.upper()} {len(m[2]) + 1} {m[1]} ", text)
    text = _REPEATED_WORD.sub(lambda m: f" {REPEATED_WORD.upper()} {len(m[2].split()) + 2} {m[1]} {m[3]}", text)
    text = _JOINING_SIGN.sub(r" \1 ", text)
    text = _MISSING_SPACE.sub(r" \1 ", _HYPHEN.sub(" - ", text))
    return _WORD_WITH_CAPITAL.sub(_with_case, text)


@functools.cache
def moses() -> Tokenizer:
    """Splits one line and makes it lower case. Raises MissingPackage."""
    try:
        package: Any = importlib.import_module("sacremoses")
    except ImportError as error:
        raise MissingPackage("Text", ("sacremoses",)) from error
    tokenizer = package.MosesTokenizer("en")
    prefixes = frozenset(tokenizer.NONBREAKING_PREFIXES)

    def split(line: str) -> list[str]:
        tokens: list[str] = []
        for token in tokenizer.tokenize(line, escape=False):
            tokens += _without_full_stop(token.lower()) if token[:-1] not in prefixes else [token.lower()]
        return tokens

    return split


def _without_full_stop(token: str) -> list[str]:
    """Moses leaves a full stop at a word before a lower-case one, as careless writers have it after every sentence."""
    if token[-1:] == "." and token[:-1].isalpha() and len(token) > 2:
        return [token[:-1], "."]
    return [token]


def _plain(text: str) -> str:
    """Without HTML: breaks are line ends, entities the signs that they stand for."""
    text = _BROKEN_ENTITY.sub(lambda m: _BROKEN_ENTITIES[m[1]], as_read(text))
    return html.unescape(text).replace("...", " …")


def _with_case(match: re.Match[str]) -> str:
    """One letter (I, A) says nothing by its case, and of a wOrd between the two nothing is kept."""
    word = match[0]
    if word in _IN_CAPITALS:
        return word
    if _UPPER.fullmatch(word):
        return f"{UPPER.upper()} {word}"
    return f"{CAPITAL.upper()} {word}" if _CAPITAL.fullmatch(word) else word
