"""AWD-LSTM: an LSTM with dropout on its recurrent weights, on whole words of its embedding, and one dropout mask for
all steps of a sequence (Merity et al. 2017, arXiv:1708.02182; fastai's `AWD_LSTM`)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.core.vocabulary import PADDING_ID

State = tuple[Tensor, Tensor]
"""Hidden and cell state of one layer, (1, N, width) each."""


@dataclass(frozen=True, kw_only=True)
class Dropouts:
    """The share that is dropped: of the embedding's words, of its output, between layers, of the recurrent weights,
    and before the decoder or the classifier."""

    words: float = 0.1
    inputs: float = 0.4
    hidden: float = 0.2
    weights: float = 0.3
    output: float = 0.2


class SequenceDropout(nn.Module):
    """Dropout with one mask for all steps of a sequence (Gal & Ghahramani 2016): (N, L, C), masked by (N, 1, C)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        mask = x.new_empty(x.shape[0], 1, x.shape[2]).bernoulli_(1 - self.p)
        return x * (mask / (1 - self.p))


class WordEmbedding(nn.Embedding):
    """An embedding that drops whole words: a dropped one is zero wherever it stands in the batch."""

    def __init__(self, count: int, width: int, p: float) -> None:
        super().__init__(count, width, padding_idx=PADDING_ID)
        self.p = p
        nn.init.uniform_(self.weight, -0.1, 0.1)
        with torch.no_grad():
            self.weight[PADDING_ID] = 0

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the base class's name
        embedded = functional.embedding(input, self.weight, self.padding_idx)
        if not self.training or self.p == 0:
            return embedded
        mask = self.weight.new_empty(self.num_embeddings).bernoulli_(1 - self.p) / (1 - self.p)
        return embedded * mask[input][..., None]


class WeightDropLstm(nn.LSTM):
    """One layer, batch first, whose hidden-to-hidden weights are dropped out anew for each batch (DropConnect)."""

    def __init__(self, inputs: int, width: int, p: float) -> None:
        super().__init__(inputs, width, batch_first=True)
        self.p = p

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not self.training or self.p == 0:
            return super().forward(x, state)
        first = state if state is not None else self._beginning(x)
        from_inputs, from_hidden, *biases = self.parameters()
        weights = [from_inputs, functional.dropout(from_hidden, self.p), *biases]
        output, hidden, cell = torch.lstm(x, first, weights, True, 1, 0.0, True, False, True)  # pyright: ignore[reportAttributeAccessIssue]
        return output, (hidden, cell)

    def _beginning(self, x: Tensor) -> State:
        zeros = x.new_zeros(1, x.shape[0], self.hidden_size)
        return zeros, zeros


class AwdLstm(nn.Module):
    """Token ids (N, L) → the last layer's output at every step (N, L, `width`), as wide as the embedding."""

    def __init__(self, *, tokens: int, width: int, hidden: int, layers: int, dropouts: Dropouts) -> None:
        super().__init__()
        self.width = width
        self.embedding = WordEmbedding(tokens, width, dropouts.words)
        self.input_dropout = SequenceDropout(dropouts.inputs)
        widths = [width, *[hidden] * (layers - 1), width]
        self.layers = nn.ModuleList(WeightDropLstm(widths[i], widths[i + 1], dropouts.weights) for i in range(layers))
        self.hidden_dropout = SequenceDropout(dropouts.hidden)

    def forward(self, ids: Tensor, states: list[State] | None = None) -> tuple[Tensor, list[State]]:
        """`states` is what an earlier call returned: the sequences go on where they were."""
        return self.from_embedded(self.embedding(ids), states)

    def from_embedded(self, embedded: Tensor, states: list[State] | None = None) -> tuple[Tensor, list[State]]:
        """The same from the embedding's output (N, L, `width`) on."""
        x = self.input_dropout(embedded)
        last: list[State] = []
        for i, layer in enumerate(self.layers):
            x, state = layer(x, states[i] if states else None)
            last.append(state)
            if i + 1 < len(self.layers):
                x = self.hidden_dropout(x)
        return x, last
