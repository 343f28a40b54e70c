"""Batches of documents: sorted by length and padded for the classifier, streams for the language model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.classes import make_classes
from studio.core.items import Split
from studio.core.settings import Task
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.core.tags import Tags
from studio.core.vocabulary import PADDING_ID
from studio.ml.tasks.text import Text
from studio.ml.text.documents import DocumentBatches, DocumentDecoder, Documents
from studio.ml.text.language import STEPS, LanguageBatches, step_count, stream_count
from studio.ml.text.reading import padded

CPU = torch.device("cpu")


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def items(count: int, weight: float = 1.0) -> list[SnapshotItem]:
    return [
        SnapshotItem(
            id=i, name=f"{i}.txt", image=f"/{i}.txt", split=Split.TRAIN, revision=1, tags=Tags((i % 2,)), weight=weight
        )
        for i in range(count)
    ]


def documents(*lengths: int, weight: float = 1.0) -> Documents:
    """Document i is of its length and of nothing but the number i + 10."""
    return Documents(items(len(lengths), weight), [np.full(n, i + 10, np.int32) for i, n in enumerate(lengths)])


def batches(source: Documents, *, shuffles: bool = True, batch_size: int = 4, width: int = 100) -> DocumentBatches:
    snapshot = Snapshot(task=Task.TEXT, classes=tuple(make_classes(["bad", "good"])), items=tuple(source.items))
    decoder = DocumentDecoder(Path(), Text(snapshot), 1, width)
    return DocumentBatches(source, decoder, batch_size=batch_size, device=CPU, shuffles=shuffles, seed=(7,))


def test_a_batch_is_padded_behind_to_its_longest() -> None:
    assert padded([ids(5, 6, 7), ids(8)]).tolist() == [[5, 6, 7], [8, PADDING_ID, PADDING_ID]]


def test_validation_has_each_document_once_longest_first_with_its_own_label() -> None:
    seen = list(batches(documents(3, 9, 5, 7, 1), shuffles=False).epoch(0))
    assert [batch.rows for batch in seen] == [[1, 3, 2, 0], [4]]
    assert [batch.images.shape for batch in seen] == [(4, 9), (1, 1)]
    assert seen[0].images[:, 0].tolist() == [11, 13, 12, 10]
    assert seen[0].target.tolist() == [1, 1, 0, 0]


def test_a_document_is_read_up_to_the_stages_width() -> None:
    (batch,) = batches(documents(30, 40), shuffles=False, width=8).epoch(0)
    assert batch.images.shape == (2, 8)


def test_training_shuffles_by_seed_and_epoch_and_puts_like_lengths_together() -> None:
    lengths = list(range(1, 401))
    source = batches(documents(*lengths))
    first, again, second = (list(source.epoch(epoch)) for epoch in (0, 0, 1))
    rows = [batch.rows for batch in first]
    assert rows == [batch.rows for batch in again] != [batch.rows for batch in second]
    assert sorted(row for batch in rows for row in batch) == list(range(400)) and len(first) == len(source) == 100
    padding = sum(int((batch.images == PADDING_ID).sum()) for batch in first)
    assert padding < 0.05 * sum(min(n, 100) for n in lengths)
    assert rows != sorted(rows, key=lambda batch: -max(batch))


def test_an_epoch_can_begin_at_any_of_its_batches() -> None:
    source = batches(documents(*range(1, 30)))
    whole, rest = list(source.epoch(3)), list(source.epoch(3, first=4))
    assert [batch.rows for batch in rest] == [batch.rows for batch in whole][4:]
    assert all(torch.equal(a.images, b.images) for a, b in zip(rest, whole[4:], strict=True))


def test_batches_of_different_sizes_are_compared_on_the_longest_documents() -> None:
    source = batches(documents(*range(1, 61), 120, 90))
    assert [source.of_size(size).images.shape for size in (2, 8, 32)] == [(2, 100), (8, 100), (32, 100)]
    assert source.of_size(4).rows == [60, 61, 59, 58]


def test_a_batch_has_no_more_rows_than_an_epoch_draws() -> None:
    assert len(batches(documents(*[5] * 12, weight=0.5)).of_size(8).rows) == 6
    assert len(language(10 * STEPS + 1).of_size(64).rows) == 10


def test_a_correction_is_drawn_as_often_as_its_weight_says() -> None:
    drawn = [row for batch in batches(documents(3, 4, weight=3.0)).epoch(0) for row in batch.rows]
    assert sorted(drawn) == [0, 0, 0, 1, 1, 1]


def language(count: int, *, batch_size: int = 2, seed: tuple[int, ...] | None = None) -> LanguageBatches:
    texts = [np.arange(count, dtype=np.int32)]
    return LanguageBatches(Documents(), texts, width=100, batch_size=batch_size, device=CPU, seed=seed)


def test_a_language_batch_has_the_next_token_as_target_and_goes_on_where_the_last_one_stopped() -> None:
    seen = list(language(4 * STEPS + 1).epoch(0))
    assert len(seen) == len(language(4 * STEPS + 1)) == 2
    assert torch.equal(torch.cat([batch.images for batch in seen], 1), torch.arange(4 * STEPS).view(2, -1))
    assert all(torch.equal(batch.target, batch.images + 1) for batch in seen)


def test_texts_are_read_in_another_order_each_epoch_and_the_same_for_the_same_seed() -> None:
    texts = [np.full(STEPS, i, np.int32) for i in range(20)]
    source = LanguageBatches(Documents(), texts, width=100, batch_size=1, device=CPU, seed=(1, 0))
    first, again, second = (torch.cat([b.images for b in source.epoch(e)], 1) for e in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, second)
    assert sorted(first.unique().tolist()) == list(range(20))


@pytest.mark.parametrize("tokens", [2, STEPS, STEPS + 1, 5 * STEPS, 1000])
def test_the_number_of_language_batches_is_what_was_promised(tokens: int) -> None:
    streams = stream_count(tokens, 3)
    assert len(list(language(tokens, batch_size=3).epoch(0))) == step_count(tokens, streams) >= 1


def test_a_language_epoch_can_begin_at_any_of_its_batches() -> None:
    source = language(1000, seed=(3,))
    whole, rest = list(source.epoch(1)), list(source.epoch(1, first=2))
    assert len(rest) == len(whole) - 2
    assert all(torch.equal(a.images, b.images) for a, b in zip(rest, whole[2:], strict=True))
