"""Proposing labels with a run's model: a job's pictures through the network, an answer and its uncertainty each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from studio.core.errors import BadInput, NoMemoryToPropose, UnreadableImage
from studio.core.events import Proposed, Warned
from studio.core.outcome import OutcomeKind
from studio.core.proposal_jobs import Emit, carry_out_job
from studio.core.proposals import ProposalJob, Wanted
from studio.core.recipe import Precision
from studio.ml.control import Commands
from studio.ml.data.decoders import make_decoder
from studio.ml.data.threads import decoding_threads
from studio.ml.device import (
    MixedPrecision,
    choose_device,
    is_out_of_memory,
    resolve_precision,
    usable_cores,
)
from studio.ml.model_file import read_model
from studio.ml.network import network_of
from studio.ml.runner import limited_threads
from studio.ml.scoring import forward_pictures
from studio.ml.tasks.base import Task
from studio.ml.tasks.keypoints import PointsPrediction
from studio.ml.tasks.registry import make_task

BATCH_SIZE: Final = 4


def propose(
    folder: Path,
    *,
    device: str = "auto",
    reserve_cores: int = 0,
    commands: Commands | None = None,
    emit: Emit,
) -> OutcomeKind:
    """Carry out the `job.json` in `folder`, which names a run. Masks go where the job wants them, points into the
    events; a picture that cannot be read gets a warning and no proposal."""
    requests = commands or Commands()
    with limited_threads(usable_cores() - reserve_cores):
        return carry_out_job(
            folder,
            lambda job: _proposals(job, choose_device(device), emit),
            emit=emit,
            is_stopped=lambda: requests.request is not None,
        )


def _proposals(job: ProposalJob, device: torch.device, emit: Emit) -> Iterator[Proposed]:
    try:
        yield from _Proposer(job, device, emit).proposals(job)
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            whose = "The computer's memory" if device.type == "cpu" else "The GPU's memory"
            raise NoMemoryToPropose(whose) from error
        raise


class _Proposer:
    def __init__(self, job: ProposalJob, device: torch.device, emit: Emit) -> None:
        if job.run is None:
            raise BadInput("The proposal job names no run; choose a finished run to propose with.")
        model = read_model(Path(job.run))
        if model.task is not job.task:
            raise BadInput(f"{job.run} is a model for {model.task}, and this project is for {job.task}.")
        self._emit = emit
        self._task: Task = make_task(model.snapshot, model.architecture)
        self._network: nn.Module = network_of(model, self._task).to(device).eval()
        self._device = device
        self._precision = MixedPrecision(resolve_precision(Precision.AUTO, device, self._warn), device)
        self._decoder = make_decoder(
            Path(job.run), self._task, height=model.height, width=model.width, resize=model.resize
        )

    def proposals(self, job: ProposalJob) -> Iterator[Proposed]:
        with ThreadPoolExecutor(decoding_threads(), thread_name_prefix="propose") as pool:
            for start in range(0, len(job.wanted), BATCH_SIZE):
                batch = job.wanted[start : start + BATCH_SIZE]
                pictures = list(pool.map(self._picture, batch))
                readable = [(w, p) for w, p in zip(batch, pictures, strict=True) if p is not None]
                if readable:
                    yield from self._answer([w for w, _ in readable], [p for _, p in readable])

    def _answer(self, batch: list[Wanted], pictures: list[np.ndarray]) -> Iterator[Proposed]:
        looks = [self._forward(pictures)]
        looks += [self._forward([_lit(p, factor) for p in pictures]) for factor in self._task.second_looks]
        for number, wanted in enumerate(batch):
            outputs = [look[number] for look in looks]
            frame = self._decoder.frame(Path(wanted.image))
            prediction = self._task.predict(outputs[0], frame)
            path = Path(wanted.mask)
            part = path.with_name(f".{path.name}.part")
            if prediction.save(part):
                part.replace(path)
            points = prediction.points if isinstance(prediction, PointsPrediction) else None
            seen = [self._task.of_picture(output, frame) for output in outputs]
            yield Proposed(item=wanted.item, points=points, uncertainty=self._task.uncertainty(seen))

    def _forward(self, pictures: list[np.ndarray]) -> torch.Tensor:
        return forward_pictures(pictures, network=self._network, precision=self._precision, device=self._device).cpu()

    def _picture(self, wanted: Wanted) -> np.ndarray | None:
        try:
            return self._decoder.picture(Path(wanted.image))
        except UnreadableImage as error:
            self._warn(error.sentence)
            return None

    def _warn(self, sentence: str) -> None:
        self._emit(Warned(sentence=sentence))


def _lit(picture: np.ndarray, factor: float) -> np.ndarray:
    return (picture.astype(np.float32) * factor).clip(0, 255).astype(np.uint8)
