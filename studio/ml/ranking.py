"""Ranking unlabelled items by what a run's model would learn from them: its uncertainty, and what it sees in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from studio.core.choosing import Features, choose, choose_at_random
from studio.core.events import Progress
from studio.core.label_queue import Queued, QueueWish
from studio.core.proposal_jobs import Emit
from studio.core.proposals import Wanted
from studio.core.vocabulary import PADDING_ID
from studio.ml.answering import AnsweringModel
from studio.ml.models.encoders import ImageEncoder
from studio.ml.text.text_net import TextNet

BATCH_SIZE: Final = 8

FEATURE_NUMBERS: Final = 64
"""What is kept of each item: distances survive a random projection to so few numbers within some ten percent (Johnson
& Lindenstrauss), and a hundred thousand items fit into 25 MB."""


def ranked(
    model: AnsweringModel,
    wanted: Sequence[Wanted],
    wish: QueueWish,
    *,
    emit: Emit,
    is_stopped: Callable[[], bool],
) -> list[Queued] | None:
    """The items to label next, the first one first; None where it was stopped before it knew. Items that cannot be read
    are not queued, unless they are chosen at random."""
    if wish.at_random:
        return [Queued(item=wanted[i].item) for i in choose_at_random(len(wanted), places=wish.places, seed=wish.seed)]
    total = len(wanted) + len(wish.known)

    def report(done: int) -> bool:
        """Whether to go on."""
        emit(Progress(what="Ranking", done=done, total=total))
        return not is_stopped()

    report(0)
    seen = _Seen(model, wish.seed)
    of_known = seen.look_at([Path(path) for path in wish.known], report=report, before=0)
    if of_known is None:
        return None
    of_wanted = seen.look_at([Path(one.image) for one in wanted], report=report, before=len(wish.known))
    if of_wanted is None:
        return None
    uncertainty, features, rows = of_wanted
    readable = [wanted[row] for row in rows]
    chosen = choose(uncertainty, features, [one.group for one in readable], known=of_known[1], places=wish.places)
    return [Queued(item=readable[i].item, uncertainty=float(uncertainty[i])) for i in chosen]


Looked = tuple[np.ndarray, Features, list[int]]
"""(n,) uncertainties and (n, numbers) features of the items that can be read, and which ones these are."""


class _Seen:
    def __init__(self, model: AnsweringModel, seed: int) -> None:
        self._model = model
        self._seed = seed
        self._origin: np.ndarray | None = None
        self._projection: np.ndarray | None = None

    def look_at(self, paths: Sequence[Path], *, report: Callable[[int], bool], before: int) -> Looked | None:
        """None where `report` says to stop; it hears how many are done, besides so many before."""
        uncertainty = np.zeros(len(paths))
        features = np.zeros((len(paths), FEATURE_NUMBERS), np.float32)
        rows: list[int] = []
        done = 0
        for inputs in self._model.batches(paths, BATCH_SIZE):
            here = [done + number for number, read in enumerate(inputs) if read is not None]
            done += len(inputs)
            if here:
                readable = [read for read in inputs if read is not None]
                uncertainty[here], features[here] = self._look([paths[row] for row in here], readable)
                rows += here
            if not report(before + done):
                return None
        return uncertainty[rows], features[rows], rows

    def _look(self, paths: Sequence[Path], inputs: list[np.ndarray]) -> tuple[list[float], np.ndarray]:
        task, decoder = self._model.task, self._model.decoder
        with listening(self._model.network) as heard:
            looks = self._model.looks(inputs)
        uncertainty = [
            task.uncertainty([task.of_picture(look[number], decoder.frame(path)) for look in looks])
            for number, path in enumerate(paths)
        ]
        return uncertainty, self._projected(torch.cat(heard)[-len(inputs) :].numpy())

    def _projected(self, features: np.ndarray) -> np.ndarray:
        """(n, channels) → (n, FEATURE_NUMBERS), about the first items' middle: what an encoder that was trained little
        sees in all items alike is much larger than the differences, which would be lost beside it."""
        if self._projection is None or self._origin is None:
            self._origin = features.mean(0)
            shape = (features.shape[1], FEATURE_NUMBERS)
            self._projection = np.random.default_rng(self._seed).standard_normal(shape).astype(np.float32)
        return (features - self._origin) @ self._projection


@contextmanager
def listening(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collects what the network's encoder sees in each item, (n, channels) float32 a batch: its deepest map pooled over
    all places, or its output over all tokens. The last rows are those of the last answer, whatever was looked at
    before, or did not fit into memory."""
    heard: list[Tensor] = []

    def hear(_module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        pooled = _of_tokens(arguments[0], output[0]) if isinstance(network, TextNet) else _of_places(output)
        heard.append(pooled.float().cpu())

    hook = _deepest(network).register_forward_hook(hear)
    try:
        yield heard
    finally:
        hook.remove()


def _deepest(network: nn.Module) -> nn.Module:
    """The part that every network calls: some call an encoder's stages one by one."""
    encoder = network.get_submodule("encoder")
    return encoder.stages[-1] if isinstance(encoder, ImageEncoder) and len(encoder.stages) else encoder


def _of_places(output: Any) -> Tensor:
    deepest: Tensor = output[-1] if isinstance(output, list | tuple) else output
    return deepest.float().mean((-2, -1))


def _of_tokens(ids: Tensor, outputs: Tensor) -> Tensor:
    there = (ids != PADDING_ID)[..., None]
    return (outputs.float() * there).sum(1) / there.sum(1).clamp(min=1)
