"""Keep the new model or the old one: every decision in its order, the latest of a run in force."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from studio.core.errors import BadInput, UnknownRun
from studio.core.model_choices import Kept, ModelChoice, Standing
from studio.core.people import user_name
from studio.core.recipe import Purpose, RunSpec, decode_spec
from studio.store.database import Database

_COLUMNS = "run, parent, kept, who, time, note"


class ModelChoices:
    def __init__(self, database: Database, project: Path) -> None:
        self._database = database
        self._project = project

    def keep(self, run: str, kept: Kept, *, note: str = "", who: str | None = None) -> ModelChoice:
        """Decide between the model of `run` and that of the run it started from; what was decided before stays on
        record. `who` None takes the account's name. Raises UnknownRun, BadInput (a run from scratch), CannotWrite."""
        parent = self._old_model(self._spec(run))
        if parent is None:
            raise BadInput(f"Run {run} started from no other run, so there is no old model to choose.")
        name = user_name() if who is None else who
        choice = ModelChoice(run=run, parent=parent, kept=kept, who=name, time=time.time(), note=note)
        self._database.execute(
            f"INSERT INTO model_choices ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
            (run, parent, kept.value, choice.who, choice.time, note),
        )
        return choice

    def of(self, run: str) -> ModelChoice | None:
        """What is decided about a run now; None where nothing ever was."""
        rows = self._read("WHERE run = ? ORDER BY id DESC LIMIT 1", (run,))
        return rows[0] if rows else None

    def all(self) -> list[ModelChoice]:
        """Every decision, those that others replaced as well, oldest first."""
        return self._read("ORDER BY id")

    def kept(self) -> str | None:
        """The run whose model was kept last, among those that are not deleted; None where none was."""
        there = {row[0] for row in self._database.execute("SELECT id FROM runs WHERE deleted = 0")}
        runs = (choice.kept_run for choice in reversed(self._in_force()))
        return next((run for run in runs if run in there), None)

    def standings(self) -> dict[str, Standing]:
        """Of every run that decisions say something about."""
        kept = self.kept()
        told = {choice.run: _standing(choice.kept) for choice in self._in_force() if choice.kept is not Kept.UNDECIDED}
        return {**told, kept: Standing.KEPT} if kept is not None else told

    def _spec(self, run: str) -> RunSpec:
        """Raises UnknownRun."""
        row = self._database.execute("SELECT spec FROM runs WHERE id = ? AND deleted = 0", (run,)).fetchone()
        if row is None:
            raise UnknownRun(run, self._project)
        return decode_spec(row[0])

    def _old_model(self, spec: RunSpec) -> str | None:
        """The run whose weights `spec` starts from: that of a run which only scored is the one before it, if any."""
        if spec.parent is None:
            return None
        parent = self._spec(spec.parent)
        return parent.parent if parent.purpose is Purpose.SCORE and parent.parent is not None else spec.parent

    def _in_force(self) -> list[ModelChoice]:
        """The latest decision about each run, in the order they were taken."""
        return self._read("WHERE id IN (SELECT MAX(id) FROM model_choices GROUP BY run) ORDER BY id")

    def _read(self, where: str, values: tuple[object, ...] = ()) -> list[ModelChoice]:
        rows: Iterable[tuple[str, str, str, str, float, str]] = self._database.execute(
            f"SELECT {_COLUMNS} FROM model_choices {where}", values
        )
        return [
            ModelChoice(run=run, parent=parent, kept=Kept(kept), who=who, time=when, note=note)
            for run, parent, kept, who, when, note in rows
        ]


def _standing(kept: Kept) -> Standing:
    return Standing.KEPT_BEFORE if kept is Kept.NEW else Standing.SET_ASIDE
