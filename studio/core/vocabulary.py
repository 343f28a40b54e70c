"""Which tokens a model knows, and the number of each."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.errors import BadInput
from studio.core.tokens import MARKS, PADDING, UNKNOWN

MIN_FREQUENCY: Final = 3
MAX_TOKENS: Final = 60_000
"""fastai 2.8's defaults (`make_vocab`)."""

VOCABULARY_FILE: Final = "vocabulary.json"
"""In a run's folder, so that a resumed run numbers the tokens as before, whatever became of the texts meanwhile."""

UNKNOWN_ID: Final = list(MARKS).index(UNKNOWN)
PADDING_ID: Final = list(MARKS).index(PADDING)


class Vocabulary(msgspec.Struct, frozen=True, dict=True):  # `dict` gives the cached property its place
    """`tokens[id]` is the token of an id; the marks come first. Raises ValueError where they do not."""

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.tokens[: len(MARKS)] != tuple(MARKS):
            raise ValueError("a vocabulary begins with " + ", ".join(MARKS))

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        return {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def ids_of(self, tokens: Iterable[str]) -> list[int]:
        """The id of each token, that of `xxunk` where it is not known."""
        ids = self.ids
        return [ids.get(token, UNKNOWN_ID) for token in tokens]

    def extended(self, other: Vocabulary) -> Vocabulary:
        """With the other's tokens behind the own ones, which keep their ids."""
        return Vocabulary((*self.tokens, *(token for token in other.tokens if token not in self.ids)))


def save_vocabulary(folder: Path, vocabulary: Vocabulary) -> None:
    """Raises CannotWrite."""
    write_atomically(folder / VOCABULARY_FILE, encode_vocabulary(vocabulary).encode())


def kept_vocabulary(folder: Path) -> Vocabulary | None:
    """That of a run, by its folder; None before it has one. Raises BadInput."""
    path = folder / VOCABULARY_FILE
    if not path.is_file():
        return None
    try:
        return decode_vocabulary(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} is no vocabulary ({error}); delete it and start a new run.") from error


def encode_vocabulary(vocabulary: Vocabulary) -> str:
    """A JSON list of the tokens, as it also stands in a model file."""
    return msgspec.json.encode(vocabulary.tokens).decode()


def decode_vocabulary(data: bytes | str) -> Vocabulary:
    """Raises ValueError (msgspec.DecodeError is one)."""
    return Vocabulary(msgspec.json.decode(data, type=tuple[str, ...]))


def make_vocabulary(
    documents: Iterable[Sequence[str]], *, min_frequency: int = MIN_FREQUENCY, max_tokens: int = MAX_TOKENS
) -> Vocabulary:
    """The marks, then the tokens that occur at least `min_frequency` times, the most frequent first (equally frequent
    ones by the alphabet); `max_tokens` in all, the marks included."""
    return vocabulary_of(count_tokens(documents), min_frequency=min_frequency, max_tokens=max_tokens)


def count_tokens(documents: Iterable[Sequence[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for tokens in documents:
        counts.update(tokens)
    return counts


def vocabulary_of(
    counts: Counter[str], *, min_frequency: int = MIN_FREQUENCY, max_tokens: int = MAX_TOKENS
) -> Vocabulary:
    """As `make_vocabulary`, from how often each token occurs."""
    frequent = sorted((-n, token) for token, n in counts.items() if n >= min_frequency and token not in MARKS)
    return Vocabulary((*MARKS, *(token for _, token in frequent[: max(max_tokens - len(MARKS), 0)])))
