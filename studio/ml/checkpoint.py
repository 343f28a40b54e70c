"""`state.pt`: everything that a run needs to go on exactly where it stopped, as plain tensors, numbers and dicts."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor

from studio.core.atomic import replacing
from studio.core.errors import CannotWrite, NotACheckpoint, StudioError
from studio.core.past_cache import past_the_cache
from studio.ml.model_file import write_model

STATE_FILE: Final = "state.pt"

STATE_FORMAT: Final = 1


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Raises CannotWrite; the checkpoint that was there before is then still there."""
    with replacing(folder / STATE_FILE) as file, past_the_cache(file) as straight, _without_checksums():
        try:
            torch.save({"format": STATE_FORMAT, **state}, straight)
        except RuntimeError as error:  # PyTorch's complaint that it cannot finish what the system refused to take
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


@contextmanager
def _without_checksums() -> Generator[None]:
    """PyTorch adds up a checksum of each tensor that `torch.load` never compares."""
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        yield
    finally:
        torch.serialization.set_crc32_options(before)


def read_state(folder: Path) -> dict[str, Any]:
    """Raises NotACheckpoint. Loads tensors and plain containers only (`weights_only`), on the CPU."""
    path = folder / STATE_FILE
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise NotACheckpoint(path, "its training state is damaged, or holds code that is never run") from error
    except Exception as error:  # on a damaged file PyTorch's reader raises almost anything
        raise NotACheckpoint(path, "its training state cannot be read") from error
    if not isinstance(state, dict) or state.get("format") != STATE_FORMAT:
        raise NotACheckpoint(path, "it is no training state of this version")
    return cast(dict[str, Any], state)


def copied(value: Any, into: Any = None) -> Any:
    """The same nested dicts, lists and tuples with each tensor copied to the CPU, so that training may go on.

    `into` is an earlier copy that nobody needs any more: its tensors are overwritten where they have the same shape,
    dtype and strides, which spares the system from finding and clearing that much memory at every checkpoint.
    """
    if isinstance(value, Tensor):
        fits = isinstance(into, Tensor) and _layout(into) == _layout(value)
        return into.copy_(value.detach()) if fits else value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        earlier = into if isinstance(into, Mapping) else {}
        return {key: copied(part, earlier.get(key)) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        known = into if isinstance(into, type(value)) and len(into) == len(value) else [None] * len(value)
        return type(value)(copied(part, before) for part, before in zip(value, known, strict=True))
    return value


def _layout(tensor: Tensor) -> tuple[object, ...]:
    return tensor.shape, tensor.dtype, tensor.stride()


def is_finite(weights: Mapping[str, Tensor]) -> bool:
    """Whether every number is one. The norm of all together says so many times faster than a look at each number; only
    where it is no number itself, or too large for one, the numbers are looked at."""
    floats = [value for value in weights.values() if value.is_floating_point()]
    if not floats or bool(torch.nn.utils.get_total_norm(floats).isfinite()):
        return True
    return all(bool(value.isfinite().all()) for value in floats)


@dataclass(frozen=True)
class Snapshotted:
    """A checkpoint by value: `state` for `state.pt`, `model` for `model.safetensors`."""

    state: dict[str, Any]
    model: Mapping[str, Tensor]
    metadata: dict[str, str]
    step: int
    epoch: int


class CheckpointWriter:
    """Writes checkpoints on its own thread. When they come faster than the disk takes them, the newest wins."""

    def __init__(
        self, folder: Path, *, saved: Callable[[Snapshotted], None], failed: Callable[[StudioError], None]
    ) -> None:
        self._folder = folder
        self._saved = saved
        self._failed = failed
        self._lock = threading.Lock()
        self._next: Snapshotted | None = None
        self._spare: dict[str, Any] | None = None
        self._writing: Future[None] | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")

    def submit(self, checkpoint: Snapshotted) -> None:
        with self._lock:
            if self._next is not None:
                self._spare = self._next.state
            self._next = checkpoint
            if self._writing is None:
                self._writing = self._pool.submit(self._write_all)

    def take_spare(self) -> dict[str, Any] | None:
        """A state that is written, or was overtaken by a newer one, and whose memory may be used for the next."""
        with self._lock:
            spare, self._spare = self._spare, None
        return spare

    def flush(self) -> None:
        """Wait until the newest checkpoint is on the disk, or has failed to get there."""
        with self._lock:
            writing = self._writing
        if writing is not None:
            writing.result()

    def close(self) -> None:
        self.flush()
        self._pool.shutdown()

    def _write_all(self) -> None:
        while True:
            with self._lock:
                checkpoint, self._next = self._next, None
                if checkpoint is None:
                    self._writing = None
                    return
            try:
                self._write(checkpoint)
            except BaseException:  # nobody could be told either; the next checkpoint is a new attempt
                with self._lock:
                    self._writing = None
                raise
            with self._lock:
                self._spare = checkpoint.state

    def _write(self, checkpoint: Snapshotted) -> None:
        try:
            write_state(self._folder, checkpoint.state)
            write_model(self._folder, checkpoint.model, checkpoint.metadata)
        except StudioError as error:
            self._failed(error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, the run and the next checkpoint go on
            self._failed(CannotWrite(self._folder, str(error) or type(error).__name__))
            return
        self._saved(checkpoint)
