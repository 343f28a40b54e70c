"""What a recipe was before each change, so that changes can be taken back. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from studio.core.recipe import RunSpec

REST: Final = 1.0
"""Seconds after which another change of the same field is a step of its own: a number that is typed is one step."""

_KEPT: Final = 500


@dataclass(frozen=True)
class Moment:
    """A recipe and the stage that is selected in it."""

    spec: RunSpec
    selected: int


class RecipeSteps:
    """Recipes are frozen, so that a step is the recipe before it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: list[Moment] = []
        self._after: list[Moment] = []
        self._last: tuple[Hashable, float] | None = None

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        return bool(self._after)

    def keep(self, moment: Moment, what: Hashable = None) -> None:
        """Call before each change with what is there. Changes of the same `what` without a rest are one step; None is
        never the same."""
        now = self._clock()
        goes_on = self._last is not None and what is not None and self._last[0] == what and now - self._last[1] < REST
        self._last = (what, now)
        self._after.clear()
        if not goes_on:
            self._before.append(moment)
            del self._before[:-_KEPT]

    def undo(self, now: Moment) -> Moment | None:
        """What was before the last step; `now` is what redo comes back to. None where no step is left."""
        return self._step(now, self._before, self._after)

    def redo(self, now: Moment) -> Moment | None:
        return self._step(now, self._after, self._before)

    def _step(self, now: Moment, source: list[Moment], target: list[Moment]) -> Moment | None:
        self._last = None
        if not source:
            return None
        target.append(now)
        return source.pop()
