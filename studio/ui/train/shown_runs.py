"""Which runs the plots show: the live one as it grows, recorded ones once they are read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from studio.core.recipe import Purpose
from studio.store import RunRecord
from studio.ui.run_control import RunControl
from studio.ui.run_history import RunHistory
from studio.ui.train.curves import SERIES, ShownRun
from studio.ui.train.run_library import RunLibrary

_OLDER_FINDERS = 4


class ShownRuns(QObject):
    """`changed` when other runs are to be shown than before, or when one of them has been read."""

    changed = Signal()

    def __init__(self, control: RunControl, library: RunLibrary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self._library = library
        self._records: dict[str, RunRecord] = {}
        self._chosen: list[str] = []
        library.loaded.connect(self._loaded)

    @property
    def live(self) -> str | None:
        """The run that is going."""
        return self._control.record.id if self._control.is_busy and self._control.record else None

    @property
    def records(self) -> list[RunRecord]:
        """The chosen runs, oldest first."""
        return [self._records[run] for run in sorted(self._chosen) if run in self._records]

    @property
    def all_records(self) -> list[RunRecord]:
        """Every run of the project, oldest first."""
        return list(self._records.values())

    def record(self, run: str) -> RunRecord | None:
        return self._records.get(run)

    def know(self, records: Sequence[RunRecord]) -> None:
        """All runs of the project, oldest first."""
        self._records = {record.id: record for record in records}

    def choose(self, runs: Sequence[str]) -> None:
        if list(runs) != self._chosen:
            self._chosen = list(runs)
            self.changed.emit()

    def history(self, record: RunRecord) -> RunHistory | None:
        """What a run said, or None while it is being read."""
        current = self._control.record
        if current is not None and current.id == record.id:
            return self._control.history
        return self._library.history(record)

    def trainings(self) -> list[ShownRun]:
        """The chosen runs that train, fold by fold or at all, as far as they are read; colours by their order."""
        records = [record for record in self.records if record.spec.purpose in (Purpose.TRAIN, Purpose.LABEL_ERRORS)]
        shown: list[ShownRun] = []
        for i, record in enumerate(records):
            history = self.history(record)
            if history is not None:
                shown.append(ShownRun(run=record.id, history=history, series=1 + i % SERIES))
        return shown

    def finder(self) -> tuple[RunHistory | None, list[RunHistory]]:
        """The rate finder's run to draw, the chosen one or else the newest, and those before it, oldest first."""
        finders = [r for r in self._records.values() if r.spec.purpose is Purpose.LR_FIND]
        chosen = [r for r in self.records if r.spec.purpose is Purpose.LR_FIND]
        if not finders:
            return None, []
        main = chosen[-1] if chosen else finders[-1]
        older = [self.history(record) for record in finders[-1 - _OLDER_FINDERS :] if record.id != main.id]
        return self.history(main), [history for history in older if history is not None]

    def _loaded(self, run: str) -> None:
        is_finder = run in self._records and self._records[run].spec.purpose is Purpose.LR_FIND
        if run in self._chosen or is_finder:
            self.changed.emit()
