"""Proposing labels with a run's model: a job's items through the network, an answer and its uncertainty each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch

from studio.core.errors import BadInput, NoMemoryToPropose
from studio.core.events import Proposed, Ranked, Warned
from studio.core.outcome import OutcomeKind
from studio.core.proposal_jobs import Emit, carry_out_job
from studio.core.proposals import ProposalJob, Wanted
from studio.ml.answering import AnsweringModel
from studio.ml.control import Commands
from studio.ml.device import choose_device, is_out_of_memory, usable_cores
from studio.ml.ranking import ranked
from studio.ml.runner import limited_threads
from studio.ml.tasks.keypoints import PointsPrediction
from studio.ml.tasks.whole_items import TagsPrediction

BATCH_SIZE: Final = 4


def propose(
    folder: Path,
    *,
    device: str = "auto",
    reserve_cores: int = 0,
    commands: Commands | None = None,
    emit: Emit,
) -> OutcomeKind:
    """Carry out the `job.json` in `folder`, which names a run. Masks go where the job wants them, points and tags into
    the events; an item that cannot be read gets a warning and no proposal. Where the job asks for a queue, `Ranked`
    comes before the proposals."""
    requests = commands or Commands()

    def is_stopped() -> bool:
        return requests.request is not None

    with limited_threads(usable_cores() - reserve_cores):
        return carry_out_job(
            folder,
            lambda job: _proposals(job, choose_device(device), emit, is_stopped),
            emit=emit,
            is_stopped=is_stopped,
        )


def _proposals(
    job: ProposalJob, device: torch.device, emit: Emit, is_stopped: Callable[[], bool]
) -> Iterator[Proposed]:
    try:
        if job.run is None:
            raise BadInput("The proposal job names no run; choose a finished run to propose with.")
        model = AnsweringModel(
            Path(job.run), job.task, device=device, warn=lambda sentence: emit(Warned(sentence=sentence))
        )
        wanted: Sequence[Wanted] = job.wanted
        if job.queue is not None:
            queue = ranked(model, job.wanted, job.queue, emit=emit, is_stopped=is_stopped)
            if queue is None:
                return
            emit(Ranked(queue=tuple(queue)))
            by_item = {one.item: one for one in job.wanted}
            wanted = [by_item[queued.item] for queued in queue]
        yield from _proposed(model, wanted)
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            whose = "The computer's memory" if device.type == "cpu" else "The GPU's memory"
            raise NoMemoryToPropose(whose) from error
        raise


def _proposed(model: AnsweringModel, wanted: Sequence[Wanted]) -> Iterator[Proposed]:
    done = 0
    for inputs in model.batches([Path(one.image) for one in wanted], BATCH_SIZE):
        batch = wanted[done : done + len(inputs)]
        done += len(inputs)
        readable = [(one, read) for one, read in zip(batch, inputs, strict=True) if read is not None]
        if readable:
            yield from _answered(model, [one for one, _ in readable], [read for _, read in readable])


def _answered(model: AnsweringModel, batch: list[Wanted], inputs: list[np.ndarray]) -> Iterator[Proposed]:
    task, looks = model.task, model.looks(inputs)
    for number, wanted in enumerate(batch):
        outputs = [look[number] for look in looks]
        frame = model.decoder.frame(Path(wanted.image))
        prediction = task.predict(outputs[0], frame)
        path = Path(wanted.mask)
        part = path.with_name(f".{path.name}.part")
        if prediction.save(part):
            part.replace(path)
        yield Proposed(
            item=wanted.item,
            points=prediction.points if isinstance(prediction, PointsPrediction) else None,
            tags=prediction.answer if isinstance(prediction, TagsPrediction) else None,
            uncertainty=task.uncertainty([task.of_picture(output, frame) for output in outputs]),
        )
