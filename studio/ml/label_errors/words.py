"""Judging texts by their words alone: a linear model over words and pairs of words, in seconds where a network from
scratch takes an hour. From a thousand film reviews it also learns more than that network does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from studio.core.atomic import write_atomically
from studio.core.errors import UnreadableText
from studio.core.items import Split
from studio.core.review import SCORES_FILE, ItemScore, encode_score
from studio.core.snapshot import SnapshotItem
from studio.core.tags import ids_of
from studio.ml.label_errors.folds import Fold
from studio.ml.tasks.text import Text
from studio.ml.text.documents import DocumentDecoder

SOFTNESS: Final = 10.0
"""The logistic regression's C: the larger, the more it trusts each word."""

COMMON_FROM: Final = 50
"""With so many texts on, a word that stands in one of them only tells nothing about the others."""

MOST_WORDS: Final = 200_000

_LEAST: Final = 1e-6


def answer_by_words(fold: Fold, task: Text, warn: Callable[[str], None], check: Callable[[], None]) -> None:
    """Learn the fold's training texts and score its others. Raises StopRequested."""
    learnt, texts = _read(task, fold.snapshot.of(Split.TRAIN))
    check()
    judged, others = _read(task, fold.snapshot.of(Split.VALID), warn)
    labels = np.array([task.position[ids_of(item.tags)[0]] for item in learnt])
    shares = class_shares(texts, labels, others, classes=task.outputs)
    check()
    decoder = DocumentDecoder(fold.folder, task, 1, 1)
    scores = [_score(task, decoder, item, row) for item, row in zip(judged, shares, strict=True)]
    write_atomically(fold.folder / SCORES_FILE, b"".join(map(encode_score, scores)))


def class_shares(
    texts: Sequence[list[str]], labels: NDArray[np.int64], others: Sequence[list[str]], *, classes: int
) -> NDArray[np.float64]:
    """What a model of `texts`, tokens each, with `labels` (N,) says about `others`: (M, classes) probabilities."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - takes seconds, and few runs need it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    known = np.unique(labels)
    shares = np.full((len(others), classes), _LEAST)
    if len(known) < 2 or not others:
        shares[:, known] = 1.0
        return shares / shares.sum(1, keepdims=True)
    words = TfidfVectorizer(
        analyzer=_words_and_pairs,  # pyright: ignore[reportArgumentType] - its stub knows the names alone
        min_df=2 if len(texts) >= COMMON_FROM else 1,
        max_features=MOST_WORDS,
        sublinear_tf=True,
    )
    model = LogisticRegression(C=SOFTNESS, max_iter=1000).fit(words.fit_transform(texts), labels)
    shares[:, known] = np.maximum(model.predict_proba(words.transform(others)), _LEAST)
    return shares / shares.sum(1, keepdims=True)


def _words_and_pairs(tokens: list[str]) -> list[str]:
    """Never empty, so that texts without any word can be compared, too."""
    return [*tokens, *(f"{a} {b}" for a, b in itertools.pairwise(tokens))] or [""]


def _read(
    task: Text, items: Sequence[SnapshotItem], warn: Callable[[str], None] = lambda _sentence: None
) -> tuple[list[SnapshotItem], list[list[str]]]:
    """The items that can be read, and their tokens."""
    readable: list[SnapshotItem] = []
    texts: list[list[str]] = []
    for item in items:
        try:
            texts.append(task.reader.tokens(item.image))
        except UnreadableText as error:
            warn(error.sentence)
        else:
            readable.append(item)
    return readable, texts


def _score(task: Text, decoder: DocumentDecoder, item: SnapshotItem, shares: NDArray[np.float64]) -> ItemScore:
    output = torch.from_numpy(shares).log()
    original = decoder.original(item)
    return task.score(output, task.predict(output, original.frame), original)
