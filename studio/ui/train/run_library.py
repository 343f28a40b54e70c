"""Recorded runs, read off the GUI thread: their curves while they are wanted, their figures for good."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal

from studio.core.recipe import RunSpec
from studio.engine import replay
from studio.store import RunRecord
from studio.ui.run_history import RunHistory
from studio.ui.train.curves import value_text
from studio.ui.train.run_words import end_figure, epochs_asked, steered_text
from studio.ui.train.summary import Pace, pace_of
from studio.ui.widgets.background import Background

_KEPT: Final = 12
"""Histories in memory; one of 100,000 steps takes some 8 MB."""


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What the list of runs tells of one: the figure it ended with, the best of all epochs where it has any and, for
    estimates, its pace."""

    figure: str
    best: str
    pace: Pace | None
    score: float | None = None
    """The main metric at its best, for sorting."""
    valid_loss: float | None = None
    """The lowest of all epochs."""
    seconds: float = 0.0
    epochs_asked: str = ""
    """The recipe's epochs and those that were added, `2 + 1 epochs`; empty where none was."""
    steered: str = ""
    """What a person made otherwise while it went on, in words."""


class RunLibrary(QObject):
    """`loaded` names a run whose history or figures came in."""

    loaded = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._histories: OrderedDict[str, RunHistory] = OrderedDict()
        self._figures: dict[str, RunFigures] = {}
        self._specs: dict[str, RunSpec] = {}
        self._work = Background("run reader", waiting=10_000, parent=self)
        self._work.done.connect(self._arrived)
        self._work.failed.connect(self._broke)

    def history(self, record: RunRecord) -> RunHistory | None:
        """What the run said, or None until `loaded` names it."""
        if record.id in self._histories:
            self._histories.move_to_end(record.id)
            return self._histories[record.id]
        self._read(record)
        return None

    def figures(self, record: RunRecord) -> RunFigures | None:
        """The run's figures, or None until `loaded` names it."""
        found = self._figures.get(record.id)
        if found is None:
            self._read(record)
        return found

    def keep(self, record: RunRecord, history: RunHistory) -> None:
        """Take over what a run said while it was watched, so that nothing is read again."""
        self._specs[record.id] = record.spec
        self._store(record.id, history)

    def forget(self, run: str) -> None:
        """Read the run anew when it is next asked for."""
        self._histories.pop(run, None)
        self._figures.pop(run, None)

    def latest_pace(self) -> Pace | None:
        """The pace of the newest run that has one."""
        paces = [self._figures[run].pace for run in sorted(self._figures)]
        return next((pace for pace in reversed(paces) if pace is not None), None)

    def close(self) -> None:
        self._work.close()

    def _read(self, record: RunRecord) -> None:
        self._specs[record.id] = record.spec
        self._work.ask(record.id, partial(_read, record))

    def _arrived(self, run: str, history: RunHistory) -> None:
        self._store(run, history)
        self.loaded.emit(run)

    def _broke(self, run: str, error: Exception) -> None:
        if not isinstance(error, OSError):
            raise error
        self._figures[run] = RunFigures(figure="", best="", pace=None)

    def _store(self, run: str, history: RunHistory) -> None:
        self._histories[run] = history
        self._histories.move_to_end(run)
        self._figures[run] = _figures_of(self._specs[run], history)
        while len(self._histories) > _KEPT:
            self._histories.popitem(last=False)


def _figures_of(spec: RunSpec, history: RunHistory) -> RunFigures:
    best = history.best()
    losses = [end.valid_loss for end in history.epochs]
    return RunFigures(
        figure=end_figure(history),
        best=value_text(best[0].value) if best is not None else end_figure(history),
        pace=pace_of(spec, history),
        score=best[0].value if best is not None else None,
        valid_loss=min(losses, default=None),
        seconds=sum(end.seconds for end in history.epochs),
        epochs_asked=epochs_asked(history),
        steered=steered_text(history),
    )


def _read(record: RunRecord) -> RunHistory:
    return RunHistory.of(replay(record.folder))
