"""A finished run's model that answers: any pictures or texts of its kind through its network, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from studio.core.errors import BadInput, UnreadableItem
from studio.core.recipe import Precision
from studio.core.settings import Task as TaskName
from studio.core.thresholds import kept_threshold
from studio.ml.data.decoders import make_decoder
from studio.ml.data.inputs import lit
from studio.ml.data.threads import decoding_threads
from studio.ml.device import MixedPrecision, resolve_precision
from studio.ml.model_file import read_model
from studio.ml.network import network_of
from studio.ml.scoring import forward_pictures
from studio.ml.tasks.base import ItemDecoder, Task
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.registry import make_task

Warn = Callable[[str], None]


class AnsweringModel:
    """`decoder` reads what the network is given."""

    def __init__(self, run: Path, task: TaskName, *, device: torch.device, warn: Warn) -> None:
        """`warn` hears of each file that cannot be read. Raises NotACheckpoint, and BadInput for a model of another
        task."""
        model = read_model(run)
        if model.task is not task:
            raise BadInput(f"{run} is a model for {model.task}, and this project is for {task}.")
        self.task: Task = make_task(model.snapshot, model.architecture)
        if isinstance(self.task, MultiLabel):
            self.task.threshold = kept_threshold(run)
        self.network: nn.Module = network_of(model, self.task).to(device).eval()
        self.decoder: ItemDecoder = make_decoder(
            run, self.task, height=model.height, width=model.width, resize=model.resize
        )
        self._device = device
        self._precision = MixedPrecision(resolve_precision(Precision.AUTO, device, warn, task=task), device)
        self._warn = warn

    def answers(self, inputs: Sequence[np.ndarray]) -> Tensor:
        """One output for each, on the CPU."""
        return forward_pictures(inputs, network=self.network, precision=self._precision, device=self._device).cpu()

    def looks(self, inputs: Sequence[np.ndarray]) -> list[Tensor]:
        """The answers, which are made last, and those of the task's second looks."""
        others = [self.answers([lit(one, factor) for one in inputs]) for factor in self.task.second_looks]
        return [self.answers(inputs), *others]

    def batches(self, paths: Iterable[Path], size: int) -> Iterator[list[np.ndarray | None]]:
        """What is at these paths, `size` at a time, decoded on threads a batch ahead; None where it cannot be read."""
        coming = iter(paths)
        with ThreadPoolExecutor(decoding_threads(), thread_name_prefix="answer") as pool:

            def ask() -> list[Future[np.ndarray | None]]:
                return [pool.submit(self._read, path) for path in islice(coming, size)]

            following = ask()
            while following:
                now, following = following, ask()
                yield [future.result() for future in now]

    def _read(self, path: Path) -> np.ndarray | None:
        try:
            return self.decoder.picture(path)
        except UnreadableItem as error:
            self._warn(error.sentence)
            return None
