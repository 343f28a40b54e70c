"""Which words weighed most, against finite differences of the network's own answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studio.core.tokens import MARKS
from studio.ml.text.text_net import NetworkSize, TextNet
from studio.ml.text.word_weights import MOST_TOKENS, MOST_WORDS, owners_of, weigh_words

XXUNK, XXPAD, XXBOS, XXREP, XXWREP, XXUP, XXMAJ = range(len(MARKS))
WORD = len(MARKS)


def net() -> TextNet:
    """In float64, so that differences are exact enough; ready to answer."""
    torch.manual_seed(0)
    network = TextNet(tokens=40, classes=3, size=NetworkSize(width=6, hidden=8, layers=2))
    torch.nn.init.normal_(network.encoder.embedding.weight, generator=torch.Generator().manual_seed(2))
    return network.double().eval()


def document(length: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(WORD, 40, length).astype(np.int32)


def lead(network: TextNet, ids: np.ndarray, said: int, *, place: int, scale: float) -> float:
    """How far the said class leads the mean of the others, with one word's embedding scaled."""
    batch = torch.from_numpy(ids.astype(np.int64))[None]
    with torch.no_grad():
        embedded = network.encoder.embedding(batch)
        embedded[0, place] *= scale
        logits = network.class_of(embedded, batch)[0]
    others = [float(x) for i, x in enumerate(logits) if i != said]
    return float(logits[said]) - sum(others) / len(others)


def test_a_words_share_is_how_the_answer_moves_with_its_embedding() -> None:
    network = net()
    documents = [document(9, 1), document(5, 2)]
    with torch.no_grad():
        said = [int(network(torch.from_numpy(ids.astype(np.int64))[None]).argmax()) for ids in documents]
    found = weigh_words(network, documents, torch.tensor(said))
    for ids, predicted, words in zip(documents, said, found, strict=True):
        moved = [
            (
                lead(network, ids, predicted, place=place, scale=1.001)
                - lead(network, ids, predicted, place=place, scale=0.999)
            )
            / 0.002
            for place in range(len(ids))
        ]
        total = sum(abs(push) for push in moved)
        assert dict(words) == pytest.approx({place: push / total for place, push in enumerate(moved)}, abs=1e-3)
        sizes = [abs(share) for _, share in words]
        assert sizes == sorted(sizes, reverse=True)


def test_the_network_is_left_as_it_was_and_says_the_same_again() -> None:
    network = net()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    documents, said = [document(20, 3), document(30, 4)], torch.tensor([0, 2])
    first = weigh_words(network, documents, said)
    assert weigh_words(network, documents, said) == first
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.training


def test_only_the_weightiest_words_are_kept_and_a_long_document_is_read_to_a_bound() -> None:
    words = weigh_words(net(), [document(MOST_TOKENS + 50, 5)], torch.tensor([1]))[0]
    assert len(words) <= MOST_WORDS
    assert all(0 <= place < MOST_TOKENS for place, _ in words)


def test_a_mark_pushes_for_the_word_that_it_is_about() -> None:
    ids = np.array([XXBOS, XXMAJ, WORD, XXREP, WORD, WORD + 1, XXWREP, WORD, XXUP, WORD + 2, XXUNK, XXMAJ], np.int32)
    assert owners_of(ids).tolist() == [-1, 2, 2, 5, 5, 5, 9, 9, 9, 9, 10, -1]


@given(st.lists(st.integers(0, 12), max_size=30))
def test_every_token_belongs_to_a_word_or_to_none(ids: list[int]) -> None:
    owners = owners_of(np.array(ids, np.int32)).tolist()
    for place, owner in enumerate(owners):
        assert owner == -1 or owner >= place
        if owner >= 0:
            assert owners[owner] == owner
            assert ids[owner] not in (XXBOS, XXPAD)
