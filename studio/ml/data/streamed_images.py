"""Images of which a batch at a time is in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np
import torch
from torch import Tensor

from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoded_items import DecodedItems
from studio.ml.data.decoding import Decoded, Decoder, Warn, decode_item
from studio.ml.data.threads import decoding_threads


class StreamedImages:
    """Reads when asked, from `kept` what is there and else from the pictures' files, and then keeps it there. Holds the
    batches that were announced and not yet fetched, and nothing else."""

    def __init__(
        self, decoder: Decoder, items: list[SnapshotItem], *, warn: Warn, kept: DecodedItems | None = None
    ) -> None:
        self.items = items
        self._decoder = decoder
        self._kept = kept
        self._warn = warn
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(decoding_threads(), thread_name_prefix="decode")
        self._coming: dict[tuple[int, ...], list[Future[Decoded]]] = {}

    def prefetch(self, rows: Sequence[int]) -> None:
        key = tuple(rows)
        if key not in self._coming:
            self._coming[key] = [self._pool.submit(self._read, row) for row in key]

    def fetch(self, rows: Sequence[int], *, alone: bool = False) -> tuple[Tensor, Tensor]:
        if alone:
            self._take_back()
        self.prefetch(rows)
        decoded = [future.result() for future in self._coming.pop(tuple(rows))]
        pictures = torch.from_numpy(np.stack([one.picture for one in decoded]))
        return pictures.permute(0, 3, 1, 2), torch.from_numpy(np.stack([one.target for one in decoded]))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._coming.clear()
        if self._kept is not None:
            self._kept.close()

    def _take_back(self) -> None:
        """Drop what was announced, and wait for what is being read of it."""
        dropped = [future for futures in self._coming.values() for future in futures]
        self._coming.clear()
        wait([future for future in dropped if not future.cancel()])

    def _read(self, row: int) -> Decoded:
        item = self.items[row]
        found = self._kept.find(item) if self._kept is not None else None
        if found is not None:
            return found
        decoded = decode_item(self._decoder, item, self._warn_once)
        if self._kept is not None:
            self._kept.keep(item, decoded)
        return decoded

    def _warn_once(self, sentence: str) -> None:
        with self._lock:
            if sentence in self._warned:
                return
            self._warned.add(sentence)
        self._warn(sentence)
