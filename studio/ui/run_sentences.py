"""What the window says of a run in words: before it begins, while it goes, and how its end is meant."""

from __future__ import annotations

from typing import Final

from studio.core.counting import counted
from studio.core.events import Finished
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import Purpose, RunSpec
from studio.ui.run_history import RunHistory
from studio.ui.session import Tone

_DOING: Final[dict[str, str]] = {
    Purpose.LR_FIND: "Finding the rate…",
    Purpose.PROBE: "Trying batches…",
    Purpose.SCORE: "Scoring…",
    Purpose.LABEL_ERRORS: "Label errors…",
}
"""By purpose, for runs that are not about epochs."""


def progress_text(history: RunHistory) -> str:
    """How far a run is, in two or three words."""
    started, step = history.started, history.last_step
    if started is None or isinstance(history.ending, Finished):
        return "Starting…" if started is None else "Finishing…"
    if started.purpose == Purpose.LABEL_ERRORS and step is not None:
        return f"Label errors {100 * step.step / max(started.steps, step.step):.0f} %"
    doing = _DOING.get(started.purpose)
    if doing is not None:
        return doing
    return f"Epoch {step.epoch} of {started.epochs}" if step is not None else "Starting…"


def preparing_sentence(spec: RunSpec, resume: str | None) -> str:
    """What is done before this run can begin, or before the run `resume` can go on."""
    if resume is not None:
        return f"Getting run {resume} ready to go on from its last checkpoint…"
    if spec.fine_tune is not None:
        return f"Freezing {counted(len(spec.fine_tune.corrections), 'correction')} and a share of the old data…"
    return "Freezing the labels as they are now, so that you can go on labelling…"


def tone_of(outcome: RunOutcome) -> Tone:
    """How the window says that a run ended so."""
    if outcome.kind is OutcomeKind.FINISHED:
        return Tone.OK
    return Tone.INFO if outcome.kind is OutcomeKind.STOPPED else Tone.ERROR
