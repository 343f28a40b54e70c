"""How a run ended, in a word a program can act on and a sentence a person can."""

from __future__ import annotations

import enum

import msgspec


class OutcomeKind(enum.StrEnum):
    FINISHED = "finished"
    STOPPED = "stopped"
    OUT_OF_MEMORY = "out of memory"
    DIVERGED = "diverged"
    BAD_INPUT = "bad input"
    CRASHED = "crashed"


class Remedy(enum.StrEnum):
    """What one click can do about an outcome."""

    NONE = "none"
    RESUME = "resume"
    HALVE_BATCH = "halve the batch"
    LOWER_RATE = "lower the rate"
    MORE_PARTS = "more parts a batch"
    OTHER_PRECISION = "another precision"
    GO_BACK = "back to the checkpoint at a lower rate"


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """`signal` is the name of the signal that ended the process (SIGKILL), or empty; `detail` a traceback or empty."""

    kind: OutcomeKind
    sentence: str
    remedy: Remedy = Remedy.NONE
    signal: str = ""
    detail: str = ""

    @property
    def learnt_something(self) -> bool:
        return self.kind in (OutcomeKind.FINISHED, OutcomeKind.STOPPED)
