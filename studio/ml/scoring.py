"""After a run: a prediction and a score for every item of its snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from studio.core.atomic import write_atomically
from studio.core.errors import UnreadableItem
from studio.core.review import SCORES_FILE, ItemScore, encode_score
from studio.core.snapshot import SnapshotItem
from studio.ml.data.inputs import lit, network_input
from studio.ml.data.threads import decoding_threads
from studio.ml.device import MixedPrecision, give_back_memory, is_out_of_memory
from studio.ml.sureness import DIGITS
from studio.ml.tasks.base import ItemDecoder, Prediction, WeighsWords

PREDICTIONS_FOLDER: Final = "predictions"


def forward_pictures(
    pictures: Sequence[np.ndarray], *, network: nn.Module, precision: MixedPrecision, device: torch.device
) -> Tensor:
    """Outputs of one batch of (H, W, 3) uint8 pictures of one size, or of documents' token ids, as a validation pass
    makes them; one at a time where they do not fit into memory together."""
    try:
        return _forward(pictures, network=network, precision=precision, device=device)
    except (RuntimeError, MemoryError) as error:
        if len(pictures) == 1 or not is_out_of_memory(error):
            raise
    give_back_memory(device)
    return torch.cat([_forward([one], network=network, precision=precision, device=device) for one in pictures])


@torch.inference_mode()
def _forward(
    pictures: Sequence[np.ndarray], *, network: nn.Module, precision: MixedPrecision, device: torch.device
) -> Tensor:
    with precision.forward():
        return network(network_input(pictures, device))


class Scorer:
    """Predicts and scores a snapshot's entries at one size. Pictures are decoded and predictions written on threads,
    so that only the network works on the calling one."""

    def __init__(
        self,
        decoder: ItemDecoder,
        network: nn.Module,
        *,
        precision: MixedPrecision,
        device: torch.device,
        batch_size: int,
        warn: Callable[[str], None],
        report: Callable[[int, int], None],
        check: Callable[[], None],
        keep: Callable[[SnapshotItem, Prediction], None] | None = None,
    ) -> None:
        """`keep` hears each item's prediction before it is scored, on several threads."""
        self._decoder = decoder
        self._network = network
        self._precision = precision
        self._device = device
        self._batch_size = batch_size
        self._warn = warn
        self._report = report
        self._check = check
        self._keep = keep

    def score_all(self, items: Sequence[SnapshotItem]) -> int:
        """Write `scores.jsonl` and `predictions/`; returns how many entries were scored. An item that appears twice (a
        correction in train and in valid) is predicted once and has a line for each entry."""
        entries: dict[int, list[SnapshotItem]] = {}
        for item in items:
            entries.setdefault(item.id, []).append(item)
        self._network.eval()
        lines: list[bytes] = []
        done = 0
        for chunk_scores, chunk_size in self._scored_chunks(list(entries.values())):
            lines += [encode_score(score) for score in chunk_scores]
            done += chunk_size
            self._report(done, len(entries))
        write_atomically(self._decoder.folder / SCORES_FILE, b"".join(lines))
        return len(lines)

    def _scored_chunks(self, groups: list[list[SnapshotItem]]) -> Iterator[tuple[list[ItemScore], int]]:
        chunks = [groups[i : i + self._batch_size] for i in range(0, len(groups), self._batch_size)]
        with ThreadPoolExecutor(decoding_threads(), thread_name_prefix="score") as pool:
            try:
                coming = [pool.submit(self._picture, group[0]) for group in chunks[0]] if chunks else []
                for number, chunk in enumerate(chunks):
                    self._check()
                    pictures = [future.result() for future in coming]
                    following = chunks[number + 1] if number + 1 < len(chunks) else []
                    coming = [pool.submit(self._picture, group[0]) for group in following]
                    yield self._score_chunk(chunk, pictures, pool), len(chunk)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _score_chunk(
        self, chunk: list[list[SnapshotItem]], pictures: list[np.ndarray | None], pool: ThreadPoolExecutor
    ) -> list[ItemScore]:
        readable = [(group, picture) for group, picture in zip(chunk, pictures, strict=True) if picture is not None]
        if not readable:
            return []
        read = [picture for _, picture in readable]
        outputs = self._answers(read)
        groups = [group for group, _ in readable]
        words, doubts = self._words(read, outputs), self._doubts(read, outputs)
        return [score for scores in pool.map(self._score_group, groups, outputs, words, doubts) for score in scores]

    def _answers(self, pictures: Sequence[np.ndarray]) -> Tensor:
        return forward_pictures(pictures, network=self._network, precision=self._precision, device=self._device).cpu()

    def _doubts(self, pictures: Sequence[np.ndarray], outputs: Tensor) -> Sequence[float | None]:
        """Where a network says no probabilities, how far its answers to darker and brighter pictures lie apart."""
        task = self._decoder.task
        if not task.second_looks:
            return [None] * len(pictures)
        looks = [outputs, *(self._answers([lit(one, by) for one in pictures]) for by in task.second_looks)]
        return [task.uncertainty([look[place] for look in looks]) for place in range(len(pictures))]

    def _words(self, pictures: list[np.ndarray], outputs: Tensor) -> list[tuple[tuple[int, float], ...]]:
        """Those that weighed most; none of pictures, and where there is no memory for the pass back."""
        task = self._decoder.task
        none: list[tuple[tuple[int, float], ...]] = [() for _ in pictures]
        if not isinstance(task, WeighsWords):
            return none
        try:
            return task.weighed_words(self._network, pictures, outputs)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        give_back_memory(self._device)
        return none

    def _score_group(
        self, group: list[SnapshotItem], output: Tensor, words: tuple[tuple[int, float], ...], doubt: float | None
    ) -> list[ItemScore]:
        task = self._decoder.task
        original = self._decoder.original(group[0])
        prediction = task.predict(output, original.frame)
        if self._keep is not None:
            self._keep(group[0], prediction)
        relative = f"{PREDICTIONS_FOLDER}/{group[0].id:06d}.png"
        is_picture = prediction.save(self._decoder.folder / relative)
        scores = [
            msgspec.structs.replace(
                task.score(output, prediction, self._decoder.original(entry)), labelled=task.is_labelled(entry)
            )
            for entry in group
        ]
        mask = relative if is_picture else None
        scores = [msgspec.structs.replace(score, mask=mask, words=words) for score in scores]
        if doubt is None:
            return scores
        return [msgspec.structs.replace(score, confidence=round(1 - doubt, DIGITS)) for score in scores]

    def _picture(self, item: SnapshotItem) -> np.ndarray | None:
        try:
            return self._decoder.picture(Path(item.image))
        except UnreadableItem as error:
            self._warn(error.sentence)
            return None
