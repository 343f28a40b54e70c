"""Which words of a document weighed most for the class that the network says: gradient × input of the embedding (Denil,
Demiraj & de Freitas 2014, arXiv:1412.6815; Shrikumar et al. 2016, arXiv:1605.01713), one pass back through the network
for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.tokens import BEGINNING, CAPITAL, MARKS, PADDING, REPEATED_SIGN, REPEATED_WORD, UPPER
from studio.ml.text.reading import Ids, padded
from studio.ml.text.text_net import TextNet

WordWeights = tuple[tuple[int, float], ...]
"""(token's place in the document, share), as in `ItemScore.words`."""

MOST_WORDS: Final = 12
MOST_TOKENS: Final = 1000
"""Of a document; what the pass back remembers grows with its length."""

_DIGITS: Final = 4
_IDS: Final = {mark: i for i, mark in enumerate(MARKS)}
_NOTHING: Final = frozenset(_IDS[mark] for mark in (BEGINNING, PADDING))
_ABOUT_THE_NEXT: Final = frozenset(_IDS[mark] for mark in (UPPER, CAPITAL))
_ABOUT_THE_AFTER_NEXT: Final = frozenset(_IDS[mark] for mark in (REPEATED_SIGN, REPEATED_WORD))


def weigh_words(network: TextNet, documents: Sequence[Ids], said: Tensor) -> list[WordWeights]:
    """Of each document the words that weighed most, the greatest first. `said` (N,) int64 are the outputs' positions of
    the classes that the network says. Deterministic; the network and its gradients stay as they are."""
    short = [ids[:MOST_TOKENS] for ids in documents]
    ids = padded(short).to(said.device)
    pushes = _pushes(network, ids, said).cpu().numpy()
    return [_greatest(row[: len(one)], one) for row, one in zip(pushes, short, strict=True)]


def _pushes(network: TextNet, ids: Tensor, said: Tensor) -> Tensor:
    """(N, L): by how much each token moves the logit of the said class away from the mean of the others."""
    # cuDNN goes back through an LSTM in training mode alone; PyTorch's own kernels do so in either.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        embedded = network.encoder.embedding(ids).detach().requires_grad_()
        logits = network.class_of(embedded, ids).float()
        own = logits.gather(1, said[:, None])[:, 0]
        others = (logits.sum(1) - own) / max(1, logits.shape[1] - 1)
        (gradient,) = torch.autograd.grad((own - others).sum(), embedded)
    return (gradient * embedded.detach()).sum(-1)


def _greatest(pushes: NDArray[np.float32], ids: Ids) -> WordWeights:
    owners = owners_of(ids)
    kept = owners >= 0
    sums = np.zeros(len(ids))
    np.add.at(sums, owners[kept], pushes[kept])
    total = np.abs(sums).sum()
    if not np.isfinite(total) or total == 0:
        return ()
    shares = np.round(sums / total, _DIGITS)
    order = np.argsort(-np.abs(shares), kind="stable")[:MOST_WORDS]
    return tuple((int(place), float(shares[place])) for place in order if shares[place])


def owners_of(ids: Ids) -> NDArray[np.int64]:
    """(L,) the place of the word that each token is about: a mark's is the word after it, that of “the next sign three
    times” the sign. -1 where there is none."""
    owners = np.arange(len(ids))
    for place in reversed(range(len(ids))):
        token = int(ids[place])
        if token in _NOTHING:
            owners[place] = -1
        elif token in _ABOUT_THE_NEXT:
            owners[place] = owners[place + 1] if place + 1 < len(ids) else -1
        elif token in _ABOUT_THE_AFTER_NEXT:
            owners[place : place + 2] = owners[place + 2] if place + 2 < len(ids) else -1
    return owners
