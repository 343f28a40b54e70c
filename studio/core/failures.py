"""What a worker says last when an error ended its work."""

from __future__ import annotations

import traceback

from studio.core.errors import BadInput, Diverged, OutOfMemory, StudioError
from studio.core.events import Failed
from studio.core.outcome import OutcomeKind


def failure(error: Exception, what: str = "The run") -> Failed:
    """`what` begins the sentence where the error brings none of its own."""
    detail = "".join(traceback.format_exception(error))
    if isinstance(error, StudioError):
        return Failed(outcome=_kind(error), sentence=error.sentence, detail=detail)
    lines = str(error).strip().splitlines()
    sentence = f"{what} failed: {lines[0] if lines else type(error).__name__}"
    return Failed(outcome=OutcomeKind.CRASHED, sentence=sentence, detail=detail)


def _kind(error: StudioError) -> OutcomeKind:
    if isinstance(error, BadInput):
        return OutcomeKind.BAD_INPUT
    if isinstance(error, Diverged):
        return OutcomeKind.DIVERGED
    if isinstance(error, OutOfMemory):
        return OutcomeKind.OUT_OF_MEMORY
    return OutcomeKind.CRASHED
