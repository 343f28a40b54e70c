"""Carrying out the run of a folder, whatever happens: every end is an event."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch

from studio.core.errors import BadInput, RunIsTaken
from studio.core.events import Finished, RunEvent
from studio.core.failures import failure
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Purpose, RunSpec, decode_spec
from studio.core.run_lock import holding_run
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, decode_snapshot
from studio.ml.control import Commands
from studio.ml.device import choose_device, usable_cores
from studio.ml.event_log import EventLog
from studio.ml.label_errors.search import LabelErrorSearch
from studio.ml.short_runs.judging import judge
from studio.ml.training import TrainingRun

RECIPE_FILE = "recipe.json"


def carry_out(
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    reserve_cores: int = 0,
    commands: Commands | None = None,
    emit: Callable[[RunEvent], None] | None = None,
) -> OutcomeKind:
    """Carry out `recipe.json` on `snapshot.json` of a run's folder, and say everything in its `events.jsonl`.

    `resume` goes on from `state.pt`. `emit` hears each event after it is written. The last event is Finished or Failed;
    nothing but an interrupt from the keyboard is raised, and OSError where even the events cannot be written. While
    another process carries the run out, only `emit` hears so: the folder's events are that process's.
    """
    try:
        with holding_run(folder):
            log = EventLog(folder, emit)
            try:
                return _carry_out(folder, log, resume, device, reserve_cores, commands or Commands())
            finally:
                log.sync()
                log.close()
    except RunIsTaken as error:
        if emit is not None:
            emit(failure(error))
        return OutcomeKind.BAD_INPUT


def _carry_out(
    folder: Path, log: EventLog, resume: bool, device: str, reserve_cores: int, commands: Commands
) -> OutcomeKind:
    began = time.monotonic()
    try:
        with limited_threads(usable_cores() - reserve_cores):
            spec, snapshot = read_recipe(folder)
            chosen = choose_device(device)
            if spec.purpose is Purpose.SCORE:
                outcome = judge(folder, spec, snapshot, device=chosen, commands=commands, log=log)
            else:
                kind = LabelErrorSearch if spec.purpose is Purpose.LABEL_ERRORS else TrainingRun
                run = kind(folder, spec, snapshot, device=chosen, commands=commands, log=log)
                outcome = run.carry_out(resume=resume)
        log.emit(Finished(outcome=outcome, seconds=time.monotonic() - began))
        return outcome
    except Exception as error:  # noqa: BLE001 - the run's last word must say what happened, whatever it was
        failed = failure(error)
        log.emit(failed)
        return failed.outcome


def read_recipe(folder: Path) -> tuple[RunSpec, Snapshot]:
    """Raises BadInput where the folder is no run's folder or its recipe is of a newer program."""
    try:
        return decode_spec((folder / RECIPE_FILE).read_bytes()), decode_snapshot((folder / SNAPSHOT_FILE).read_bytes())
    except OSError as error:
        raise BadInput(f"{folder} is no run's folder ({error.strerror}: {error.filename}).") from error
    except msgspec.DecodeError as error:
        raise BadInput(f"{folder} has a recipe or snapshot that cannot be read ({error}).") from error


@contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """PyTorch computes with so many threads, at least one, inside of the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, count))
    try:
        yield
    finally:
        torch.set_num_threads(before)
