"""Carrying out a `job.json`, the same for every model that proposes: progress, an order to stop, and the last word."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from studio.core.atomic import why
from studio.core.errors import BadInput, NoMemoryToPropose
from studio.core.events import Finished, Progress, Proposed, RunEvent
from studio.core.failures import failure
from studio.core.outcome import OutcomeKind
from studio.core.proposals import JOB_FILE, ProposalJob, decode_job

Emit = Callable[[RunEvent], None]


def carry_out_job(
    folder: Path,
    proposals: Callable[[ProposalJob], Iterable[Proposed]],
    *,
    emit: Emit,
    is_stopped: Callable[[], bool],
) -> OutcomeKind:
    """Say every one of the job's `proposals` as it comes; what came before a stop or an error is kept.

    Never raises: when nobody listens any more the work ends, and any error becomes a Failed.
    """
    began = time.monotonic()
    try:
        job = _read(folder)
        number, total = 0, job.proposals
        emit(Progress(what="Proposing", done=0, total=total))
        for number, proposed in enumerate(proposals(job), start=1):
            emit(msgspec.structs.replace(proposed, time=time.time()))
            emit(Progress(what="Proposing", done=number, total=total))
            if is_stopped():
                break
        outcome = OutcomeKind.STOPPED if is_stopped() and number < total else OutcomeKind.FINISHED
        emit(Finished(time=time.time(), outcome=outcome, seconds=time.monotonic() - began))
    except BrokenPipeError:
        return OutcomeKind.STOPPED
    except Exception as error:  # noqa: BLE001 - the last word must say what happened, whatever it was
        known = NoMemoryToPropose("The computer's memory") if isinstance(error, MemoryError) else error
        failed = failure(known, "Proposing labels")
        with contextlib.suppress(BrokenPipeError):
            emit(failed)
        return failed.outcome
    return outcome


def _read(folder: Path) -> ProposalJob:
    try:
        return decode_job((folder / JOB_FILE).read_bytes())
    except OSError as error:
        raise BadInput(f"{folder} holds no proposal job ({why(error)}).") from error
    except msgspec.DecodeError as error:
        raise BadInput(f"{folder / JOB_FILE} cannot be read ({error}).") from error
