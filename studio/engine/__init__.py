"""Runs as processes: start one, read its events, stop it, and say in a sentence how it ended. No Qt, no torch."""

from studio.engine.fake import FakeEngine, FakeRun
from studio.engine.followed import FollowedRun
from studio.engine.launch import scribbler_command
from studio.engine.local import LocalEngine
from studio.engine.outcomes import Asked, Ending, Work, outcome_of
from studio.engine.protocol import Engine, Run
from studio.engine.recorded import follow, replay

__all__ = [
    "Engine",
    "Run",
    "LocalEngine",
    "scribbler_command",
    "FakeEngine",
    "FakeRun",
    "FollowedRun",
    "Asked",
    "Ending",
    "Work",
    "outcome_of",
    "replay",
    "follow",
]
