"""Reading documents as token ids: each once a run, with the run's vocabulary, and several as one batch."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.errors import UnreadableText
from studio.core.texts import read_document
from studio.core.tokens import tokenize
from studio.core.vocabulary import PADDING_ID, Vocabulary, vocabulary_of

REPORTED: Final = 50
"""After so many documents somebody hears how many are read."""

Ids = NDArray[np.int32]
"""(L,) the ids of a document's tokens."""


class Reader:
    """Documents by path. Any number of threads may use it."""

    def __init__(self) -> None:
        self._tokens: dict[str, list[str]] = {}
        self._ids: dict[str, Ids] = {}
        self._words: dict[str, str] = {}
        self._lock = threading.Lock()

    def tokens(self, path: str) -> list[str]:
        """Raises UnreadableText."""
        known = self._tokens.get(path)
        if known is None:
            read = tokenize(read_document(Path(path)))
            with self._lock:
                known = self._tokens[path] = [self._words.setdefault(token, token) for token in read]
        return known

    def count(
        self,
        paths: Sequence[str],
        *,
        warn: Callable[[str], None],
        report: Callable[[int, int], None],
        check: Callable[[], None],
    ) -> Counter[str]:
        """How often each token occurs in all of these; a document that cannot be read gets a warning. `check` may raise
        to give up early."""
        counts: Counter[str] = Counter()
        for done, path in enumerate(paths, start=1):
            try:
                counts.update(self.tokens(path))
            except UnreadableText as error:
                warn(error.sentence)
            check()
            if done % REPORTED == 0 or done == len(paths):
                report(done, len(paths))
        return counts

    def ids(self, path: str, vocabulary: Vocabulary) -> Ids:
        """All of a document; the tokens themselves are forgotten. Raises UnreadableText."""
        known = self._ids.get(path)
        if known is None:
            known = np.array(vocabulary.ids_of(self.tokens(path)), np.int32)
            self._ids[path] = known
            self._tokens.pop(path, None)
        return known


def stream(documents: Iterable[Ids]) -> Ids:
    """One behind the other."""
    parts = list(documents)
    return np.concatenate(parts) if parts else np.empty(0, np.int32)


def made_vocabulary(counts: Counter[str], parent: Vocabulary | None) -> Vocabulary:
    """Of the counted texts; a parent's tokens keep their ids, so that its weights fit, and new ones follow."""
    own = vocabulary_of(counts)
    return parent.extended(own) if parent is not None else own


def padded(documents: Sequence[Ids]) -> Tensor:
    """(N, L) int64, filled with `xxpad` behind each document but the longest."""
    length = max(len(ids) for ids in documents)
    batch = np.full((len(documents), length), PADDING_ID, np.int64)
    for row, ids in enumerate(documents):
        batch[row, : len(ids)] = ids
    return torch.from_numpy(batch)
