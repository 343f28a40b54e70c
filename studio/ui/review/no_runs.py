"""What stands on the Review page while no run has scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from studio.core.recipe import Purpose
from studio.store import RunRecord
from studio.ui.review.empty import EmptyState

_UNTRAINED: Final = "After a run, its items appear here with what the model made of them, the worst first."
_UNSCORED: Final = "A run is scored when it ends or is stopped; then its items appear here, the worst first."


class NoRuns(EmptyState):
    def __init__(self) -> None:
        super().__init__("page-train", "Train a model first", _UNTRAINED, "Go to Train")
        self.setFocusProxy(self.button)

    def show_runs(self, runs: Iterable[RunRecord]) -> None:
        """Say why none of them has scores."""
        if any(record.spec.purpose is Purpose.TRAIN for record in runs):
            self.explain("No run has scores yet", _UNSCORED)
        else:
            self.explain("Train a model first", _UNTRAINED)
