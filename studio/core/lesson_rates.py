"""Which learning rate lesson 3 of fast.ai's course (2019) would take from a finder's curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from studio.core.events import LrSuggestion
from studio.core.recipe import LearningRate, Stage

SHARE_OF_FROZEN: Final = 5.0
"""Once everything is trained, the head goes on at a fifth of the rate that it was trained at alone."""


def lesson_rate(suggestions: Sequence[LrSuggestion], stages: Sequence[Stage], selected: int) -> LearningRate | None:
    """For the head alone, the rate where the loss falls fastest. For the whole network, a slice from ten times below
    where the loss is lowest (the rule `minimum`) to a fifth of the rate of the frozen stage before; None without one.

    Digits that nobody would write are left out.
    """
    found = {suggestion.rule: suggestion.lr for suggestion in suggestions}
    if stages[selected].frozen:
        steep = found.get("steep")
        return LearningRate(high=_rounded(steep)) if steep is not None else None
    before = [stage.lr.high for stage in stages[:selected] if stage.frozen]
    bottom = found.get("minimum")
    if not before or bottom is None:
        return None
    high = _rounded(before[-1] / SHARE_OF_FROZEN)
    return LearningRate(low=min(_rounded(bottom), high), high=high)


def _rounded(rate: float) -> float:
    return float(f"{rate:.2g}")
