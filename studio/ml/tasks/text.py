"""Text: the one class of a document → language model, then classifier on the same AWD-LSTM → cross entropy.

In a stage that trains the language model the outputs have a dimension more (N, L, tokens), and so have its targets: the
text one token on (N, L).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.text import Perplexity

from studio.core.events import Metric
from studio.core.snapshot import Snapshot
from studio.core.tokens import MARKS
from studio.core.vocabulary import Vocabulary, decode_vocabulary, encode_vocabulary
from studio.ml.models.encoders import ImageEncoder
from studio.ml.objectives import Objective
from studio.ml.tasks.base import TaskMetrics
from studio.ml.tasks.single_label import SingleLabel, SingleLabelMetrics
from studio.ml.tasks.transfer import load_matching
from studio.ml.text.reading import Ids, Reader
from studio.ml.text.text_net import NetworkSize, TextNet
from studio.ml.text.word_weights import WordWeights, weigh_words

_LAST_LAYER: Final = "classifier.layers.6"
_BY_TOKEN: Final = ("encoder.embedding.weight", "token_bias")


class Text(SingleLabel):
    """`vocabulary` is the marks alone until a run has read its texts or a model's is taken over; `size` likewise is the
    default until then."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.vocabulary = Vocabulary(tuple(MARKS))
        self.network_size = NetworkSize()
        self.reader = Reader()

    def take_over(self, metadata: Mapping[str, str]) -> None:
        """Be the task of the model that says this. Raises ValueError, KeyError."""
        self.vocabulary = decode_vocabulary(metadata["vocabulary"])
        self.network_size = msgspec.json.decode(metadata["network"], type=NetworkSize)

    def ids(self, path: Path) -> Ids:
        """All of a document. Raises UnreadableText."""
        return self.reader.ids(str(path), self.vocabulary)

    def make_network(self, encoder: ImageEncoder | None = None) -> TextNet:
        """A document is looked at by no image encoder."""
        return TextNet(tokens=len(self.vocabulary), classes=self.outputs, size=self.network_size)

    def metadata(self) -> dict[str, str]:
        return {
            **super().metadata(),
            "vocabulary": encode_vocabulary(self.vocabulary),
            "network": msgspec.json.encode(self.network_size).decode(),
        }

    def adapt(self, state: Mapping[str, Tensor], metadata: Mapping[str, str], network: nn.Module) -> list[str]:
        """The parent's tokens are the first of this vocabulary; a new one begins as the mean of those (fastai)."""
        new_tokens = len(self.vocabulary) - len(decode_vocabulary(metadata["vocabulary"]))
        grown = dict(state)
        for name in _BY_TOKEN:
            mean = state[name].mean(0, keepdim=True)
            grown[name] = torch.cat([state[name], mean.expand(new_tokens, *mean.shape[1:])])
        rows, sentences = self.class_rows(metadata)
        load_matching(network, grown, head=_LAST_LAYER, rows=rows)
        if new_tokens:
            sentences.append(
                f"{new_tokens:,} words are new since the parent run; each begins as the mean of the others."
            )
        return sentences

    def weighed_words(self, network: nn.Module, documents: Sequence[np.ndarray], outputs: Tensor) -> list[WordWeights]:
        """`outputs` (N, classes) are the logits that the network gave these documents."""
        assert isinstance(network, TextNet)
        device = network.encoder.embedding.weight.device
        return weigh_words(network, documents, outputs.argmax(1).to(device))

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return super().loss(output.reshape(-1, output.shape[-1]), target.reshape(-1))

    def objective(self, *, smoothing: float, weights: Sequence[float] = ()) -> Objective:
        return TextObjective(self, super().objective(smoothing=smoothing, weights=weights))

    def metrics(self) -> TaskMetrics:
        return TextMetrics(self.class_names, len(self.vocabulary))


@dataclass(frozen=True)
class TextObjective:
    """That of the documents' classes; a language model learns the next token as it is."""

    task: Text
    of_classes: Objective

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return self._of(target).loss(output, target)

    def counted(self, target: Tensor) -> float:
        return self._of(target).counted(target)

    def _of(self, target: Tensor) -> Objective:
        return self.task if target.dim() == 2 else self.of_classes


class TextMetrics:
    """Those of the classes, or where a language model was asked perplexity and the share of next tokens it got right
    (torchmetrics)."""

    def __init__(self, classes: Sequence[str], tokens: int) -> None:
        self._classes = SingleLabelMetrics(classes)
        self._perplexity = Perplexity()
        self._right = MulticlassAccuracy(tokens, average="micro", validate_args=False)
        self._tokens = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        if output.dim() == 2:
            self._classes.update(output, target)
            return
        logits, following = output.float().cpu(), target.cpu()
        self._perplexity.update(logits, following)
        self._right.update(logits.flatten(0, 1).argmax(1), following.flatten())
        self._tokens += following.numel()

    def compute(self, *, split: str, height: int, width: int) -> list[Metric]:
        if not self._tokens:
            where = f"the first {width} tokens of each"
            return [
                Metric(m.name, m.value, m.better, m.detail.replace(f"at {height}×{width}", where))
                for m in self._classes.compute(split=split, height=height, width=width)
            ]
        where = f"{split}, {self._tokens:,} tokens"
        return [
            Metric("perplexity", float(self._perplexity.compute()), -1, where),
            Metric("next token right", float(self._right.compute()), 1, where),
        ]

    def never_predicted(self) -> tuple[str, ...]:
        return () if self._tokens else self._classes.never_predicted()
