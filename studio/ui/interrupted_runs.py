"""Runs whose process is gone and that nobody wrote an end for: the window, or the whole computer, went down first."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.core.events import Failed, Finished
from studio.core.kept_state import can_go_on
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.core.review import SCORES_FILE
from studio.core.run_lock import is_held, is_starting
from studio.core.snapshot import SNAPSHOT_FILE
from studio.engine import Ending, outcome_of, replay
from studio.engine.recorded import EVENTS_FILE
from studio.store import RunRecord, Store

_QUIET_SECONDS: Final = 20.0
"""Without a lock, a run that said something this recently may belong to another program with the same project."""


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """`runs` were given an outcome, oldest first; `undecided` says that another one may still be going elsewhere, and
    `going` are those that surely are."""

    runs: list[tuple[RunRecord, RunOutcome]]
    undecided: bool
    going: list[RunRecord]


def close_interrupted_runs(root: Path) -> Interrupted:
    """Write an outcome for each run that has none and is not going on in another program."""
    found: list[tuple[RunRecord, RunOutcome]] = []
    going: list[RunRecord] = []
    undecided = False
    with Store.open(root) as store:
        for record in [record for record in store.runs() if record.outcome is None]:
            if is_held(record.folder):
                going.append(record)
                undecided = True
                continue
            may_be_going = _may_be_going(record.folder)
            final = _last_word(record.folder)  # after looking, so that what a process said as it left is not missed
            if final is None and may_be_going:
                undecided = True
                continue
            outcome = _outcome(record, final)
            store.set_outcome(record.id, outcome)
            if (record.folder / SCORES_FILE).exists():
                store.review.load_scores(record.id)
            found.append((record, outcome))
    return Interrupted(runs=found, undecided=undecided, going=going)


def _outcome(record: RunRecord, final: Finished | Failed | None) -> RunOutcome:
    """How a run ended as far as its folder tells."""
    has_checkpoint = can_go_on(record.folder)
    if final is not None:
        return outcome_of(Ending(exit_code=0, final=final, has_checkpoint=has_checkpoint))
    sentence = f"The program ended while run {record.id} was going."
    if has_checkpoint:
        sentence += " Resume goes on from its last checkpoint."
    remedy = Remedy.RESUME if has_checkpoint else Remedy.NONE
    return RunOutcome(kind=OutcomeKind.CRASHED, sentence=sentence, remedy=remedy)


def _last_word(folder: Path) -> Finished | Failed | None:
    final = None
    for event in replay(folder):
        final = event if isinstance(event, Finished | Failed) else None
    return final


def _may_be_going(folder: Path) -> bool:
    """Whether another program carries the run out: by the lock that its worker holds, or, where that cannot be told,
    by how long the run has been silent."""
    last_word = _last_write(folder)
    held = is_held(folder)
    if held is None:
        return time.time() - last_word < _QUIET_SECONDS
    return held or is_starting(folder, last_word)


def _last_write(folder: Path) -> float:
    """When the run last wrote something, in seconds since the epoch."""
    paths = (folder / EVENTS_FILE, folder / SNAPSHOT_FILE)
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)
