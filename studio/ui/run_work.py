"""What a run needs done away from the GUI thread: its folder and its process made ready, its end written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.core.errors import RunIsTaken, StudioError
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import RunSpec
from studio.core.review import SCORES_FILE
from studio.core.run_lock import is_held
from studio.engine import Engine, FollowedRun, Run
from studio.store import RunRecord, Store
from studio.ui.run_history import RunHistory

_RESERVED_CORES: Final = 1
"""Left to the window, so that painting stays fluid beside a run on the processor."""


@dataclass(frozen=True)
class PreparedRun:
    record: RunRecord
    run: Run
    history: RunHistory


def prepare_run(
    root: Path, engine: Engine, spec: RunSpec, resume: str | None, *, lower_rate: bool = False
) -> PreparedRun:
    """Make the run's folder, or find the one to go on in, and ask the engine for its process. Raises RunIsTaken."""
    with Store.open(root) as store:
        if resume is None:
            record, history = store.create_run(spec), RunHistory()
        else:
            record, history = store.run(resume), RunHistory.of(store.run_events(resume))
            if is_held(record.folder):
                raise RunIsTaken(record.folder)
            store.set_outcome(resume, None)
            history.go_on()
        try:
            run = engine.submit(record.folder, resume=resume is not None, reserve_cores=_RESERVED_CORES)
        except StudioError as error:
            store.set_outcome(record.id, RunOutcome(kind=OutcomeKind.CRASHED, sentence=error.sentence))
            raise
        if lower_rate:
            run.lower_rate()
    return PreparedRun(record, run, history)


def followed_run(record: RunRecord) -> PreparedRun:
    """A run of another program, whose events are said again from the first one on."""
    return PreparedRun(record, FollowedRun(record.folder), RunHistory())


def write_down_end(root: Path, run: str, folder: Path, outcome: RunOutcome) -> bool:
    """Keep how the run ended and what it predicted; whether it predicted anything."""
    has_scores = (folder / SCORES_FILE).exists()
    with Store.open(root) as store:
        store.set_outcome(run, outcome)
        if has_scores:
            store.review.load_scores(run)
    return has_scores
