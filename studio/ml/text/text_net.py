"""The network of a text project: one AWD-LSTM that first learns to go on with a text, then to say its class."""

from __future__ import annotations

import msgspec
import torch
from torch import Tensor, nn

from studio.core.recipe import Stage
from studio.core.vocabulary import PADDING_ID
from studio.ml.models.blocks import PooledNorm1d
from studio.ml.text.awd_lstm import AwdLstm, Dropouts, SequenceDropout, State


class NetworkSize(msgspec.Struct, frozen=True, kw_only=True):
    """What a model file says of its network besides its vocabulary and classes: `width` of the embedding and of the
    last layer's output, `hidden` of the layers between, and how many LSTM `layers`.

    The defaults are for a few thousand documents from scratch; the paper's 400, 1150 and 3 are for 100 million tokens.
    """

    width: int = 100
    hidden: int = 200
    layers: int = 1


class TextNet(nn.Module):
    """`predicts_tokens` chooses what `forward` answers: the logits of the next token at every step (N, L, tokens), the
    sequences of a batch going on with those of the batch before; or the logits of the document's class (N, classes).

    The next token is read off the embedding's own weights (tied, Press & Wolf 2017) and a bias.
    """

    def __init__(
        self, *, tokens: int, classes: int, size: NetworkSize | None = None, dropouts: Dropouts | None = None
    ) -> None:
        super().__init__()
        size, drops = size or NetworkSize(), dropouts or Dropouts()
        self.predicts_tokens = False
        self.states: list[State] | None = None
        self.encoder = AwdLstm(tokens=tokens, width=size.width, hidden=size.hidden, layers=size.layers, dropouts=drops)
        self.token_bias = nn.Parameter(torch.zeros(tokens))
        self.output_dropout = SequenceDropout(drops.output)
        self.classifier = ConcatPoolingClassifier(size.width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        return self._next_tokens(ids) if self.predicts_tokens else self._class(ids)

    def train(self, mode: bool = True) -> TextNet:
        """Training and validation read other sequences, so neither goes on with the other's; and each pass of
        validation begins anew, also where nothing was trained since the last."""
        if not (mode and self.training):
            self.states = None
        return super().train(mode)

    def begin(self, stage: Stage) -> None:
        """Learn what the stage is about: the next token, with everything but the classifier, or the class."""
        self.predicts_tokens = stage.language
        self.states = None
        groups = self.parameter_groups()
        learning = 1 if stage.frozen else stage.unfrozen or len(groups)
        for place, group in enumerate(reversed(groups)):
            for parameter in group:
                parameter.requires_grad_(stage.language or place < learning)

    def parameter_groups(self) -> list[list[nn.Parameter]]:
        """Embedding, LSTM, the rest: what gradual unfreezing frees from the last to the first."""
        embedding = list(self.encoder.embedding.parameters())
        lstm = list(self.encoder.layers.parameters())
        return [embedding, lstm, [self.token_bias, *self.classifier.parameters()]]

    def _next_tokens(self, ids: Tensor) -> Tensor:
        if self.states is not None and self.states[0][0].shape[1] != len(ids):
            self.states = None
        output, states = self.encoder(ids, self.states)
        self.states = [(hidden.detach(), cell.detach()) for hidden, cell in states]
        return nn.functional.linear(self.output_dropout(output), self.encoder.embedding.weight, self.token_bias)

    def _class(self, ids: Tensor) -> Tensor:
        output, _ = self.encoder(ids)
        return self.classifier(output, ids != PADDING_ID)

    def class_of(self, embedded: Tensor, ids: Tensor) -> Tensor:
        """The logits of the class (N, classes) from the embedding's output (N, L, width) of `ids` (N, L)."""
        output, _ = self.encoder.from_embedded(embedded)
        return self.classifier(output, ids != PADDING_ID)


class ConcatPoolingClassifier(nn.Module):
    """The last, the greatest and the mean output over a document's tokens, one beside the other (ULMFiT, Howard & Ruder
    2018), through two layers. Padding behind a document changes nothing."""

    def __init__(
        self, width: int, classes: int, *, hidden: int = 50, dropouts: tuple[float, float] = (0.4, 0.1)
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            PooledNorm1d(3 * width),
            nn.Dropout(dropouts[0]),
            nn.Linear(3 * width, hidden, bias=False),
            nn.ReLU(),
            PooledNorm1d(hidden),
            nn.Dropout(dropouts[1]),
            nn.Linear(hidden, classes),
        )

    def forward(self, outputs: Tensor, there: Tensor) -> Tensor:
        """`outputs` (N, L, width); `there` (N, L) bool is True at a document's tokens, of which it has at least one."""
        counts = there.sum(1)
        kept = outputs * there[..., None]
        mean = kept.sum(1) / counts[:, None]
        greatest = outputs.masked_fill(~there[..., None], -torch.inf).amax(1)
        ends = (counts - 1)[:, None, None].expand(-1, 1, outputs.shape[2])
        last = outputs.gather(1, ends)[:, 0]
        return self.layers(torch.cat([last, greatest, mean], dim=1))
