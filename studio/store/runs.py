"""Runs: their recipes, folders, events and outcomes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import why, write_atomically
from studio.core.errors import CannotWrite, ProjectDamaged, UnknownRun
from studio.core.events import RunEvent, read_events
from studio.core.model_choices import Standing
from studio.core.outcome import RunOutcome
from studio.core.recipe import Purpose, RunSpec, decode_spec, encode_spec
from studio.core.snapshot import SNAPSHOT_FILE, Snapshot, decode_snapshot, encode_snapshot
from studio.store.database import Database
from studio.store.model_choices import ModelChoices
from studio.store.run_remarks import NO_REMARKS, Remarks, read_remarks, remarks_state, write_remarks

RUNS_FOLDER: Final = "runs"
RECIPE_FILE: Final = "recipe.json"
EVENTS_FILE: Final = "events.jsonl"
WEIGHTS_FILE: Final = "model.safetensors"
_TRASH: Final = ".trash"
_COLUMNS: Final = "id, created, spec, outcome"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run. `created` is seconds since the epoch (UTC); `outcome` None while it has not ended, as far as we know."""

    id: str
    folder: Path
    spec: RunSpec
    created: float
    outcome: RunOutcome | None = None
    remarks: Remarks = NO_REMARKS
    standing: Standing = Standing.OPEN

    @property
    def has_model(self) -> bool:
        """Whether it has trained weights that can predict."""
        return self.spec.purpose is Purpose.TRAIN and (self.folder / WEIGHTS_FILE).is_file()

    @property
    def note(self) -> str:
        """What a person said of the run afterwards, or else in its recipe."""
        return self.spec.note if self.remarks.note is None else self.remarks.note


class Runs:
    """`choices` says which of the runs' models are kept."""

    def __init__(self, project: Path, database: Database, choices: ModelChoices) -> None:
        self._folder = project / RUNS_FOLDER
        self._database = database
        self._choices = choices
        self._read: dict[str, tuple[object, RunRecord]] = {}
        """The records as they were read last, with what tells that nothing of them has changed since."""

    def all(self) -> list[RunRecord]:
        """The runs that are not deleted, newest last."""
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM runs WHERE deleted = 0 ORDER BY created, id")
        standings = self._choices.standings()
        return [self._record(row, standings.get(row[0], Standing.OPEN)) for row in rows]

    def get(self, run_id: str) -> RunRecord:
        """Raises UnknownRun."""
        row = self._database.execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ? AND deleted = 0", (run_id,)).fetchone()
        if row is None:
            raise UnknownRun(run_id, self._folder.parent)
        return self._record(row, self._choices.standings().get(run_id, Standing.OPEN))

    def claim_folder(self) -> tuple[str, Path]:
        """The next id, 0001 onwards, and its new empty folder. Raises CannotWrite."""
        self._make(self._folder)
        number = max((int(name) for name in self._taken()), default=0) + 1
        while True:
            folder = self._folder / f"{number:04d}"
            try:
                folder.mkdir()
            except FileExistsError:  # another process was faster
                number += 1
            except OSError as error:
                raise CannotWrite(folder, why(error)) from error
            else:
                return folder.name, folder

    def abandon(self, folder: Path) -> None:
        """Remove the folder of a run that could not be made."""
        shutil.rmtree(folder, ignore_errors=True)

    def record(self, run_id: str, folder: Path, spec: RunSpec, snapshot: Snapshot) -> RunRecord:
        """Write the recipe and the snapshot and list the run. Raises CannotWrite."""
        write_run(folder, spec, snapshot)
        created = time.time()
        self._database.execute(
            "INSERT INTO runs (id, created, spec) VALUES (?, ?, ?)", (run_id, created, msgspec.json.encode(spec))
        )
        return RunRecord(id=run_id, folder=folder, spec=spec, created=created)

    def snapshot(self, run_id: str) -> Snapshot:
        """Raises UnknownRun, ProjectDamaged."""
        path = self.get(run_id).folder / SNAPSHOT_FILE
        try:
            return decode_snapshot(path.read_bytes())
        except OSError as error:
            raise ProjectDamaged(path, why(error)) from error
        except msgspec.DecodeError as error:
            raise ProjectDamaged(path, str(error)) from error

    def set_outcome(self, run_id: str, outcome: RunOutcome | None) -> None:
        """None when the run goes on again. Raises UnknownRun."""
        self.get(run_id)
        written = msgspec.json.encode(outcome) if outcome is not None else None
        self._database.execute("UPDATE runs SET outcome = ? WHERE id = ?", (written, run_id))

    def delete(self, run_id: str) -> None:
        """Move the run's folder to runs/.trash and list it no more. Raises UnknownRun, CannotWrite."""
        folder = self.get(run_id).folder
        trash = self._folder / _TRASH
        self._make(trash)
        with self._database.transaction() as connection:
            connection.execute("UPDATE runs SET deleted = 1 WHERE id = ?", (run_id,))
            if folder.exists():
                try:
                    folder.rename(trash / run_id)
                except OSError as error:
                    raise CannotWrite(trash / run_id, why(error)) from error

    def restore(self, run_id: str) -> RunRecord:
        """Take a run that was deleted out of the trash. Raises UnknownRun, CannotWrite."""
        home, trashed = self._folder / run_id, self._folder / _TRASH / run_id
        with self._database.transaction() as connection:
            changed = connection.execute("UPDATE runs SET deleted = 0 WHERE id = ? AND deleted = 1", (run_id,))
            if changed.rowcount == 0 or not trashed.exists():
                raise UnknownRun(run_id, self._folder.parent)
            try:
                trashed.rename(home)
            except OSError as error:
                raise CannotWrite(home, why(error)) from error
        return self.get(run_id)

    def trashed(self) -> list[str]:
        """The deleted runs that can be restored, the one that went into the trash last at the end, as far as the file
        system tells."""
        rows = self._database.execute("SELECT id FROM runs WHERE deleted = 1 ORDER BY id")
        folders = [self._folder / _TRASH / row[0] for row in rows]
        there = [(folder.stat().st_ctime, folder.name) for folder in folders if folder.is_dir()]
        return [name for _moved, name in sorted(there)]

    def set_remarks(self, run_id: str, remarks: Remarks) -> None:
        """Raises UnknownRun, CannotWrite."""
        write_remarks(self.get(run_id).folder, remarks)

    def events(self, run_id: str) -> Iterator[RunEvent]:
        """What the run said so far. Raises UnknownRun."""
        path = self.get(run_id).folder / EVENTS_FILE
        return read_events(path)

    def _record(self, row: tuple[str, float, bytes, bytes | None], standing: Standing) -> RunRecord:
        """The same object as before while neither the row, its standing nor the file of remarks has changed."""
        run_id, created, spec, outcome = row
        state = (row, standing, remarks_state(self._folder / run_id))
        known = self._read.get(run_id)
        if known is not None and known[0] == state:
            return known[1]
        record = RunRecord(
            id=run_id,
            folder=self._folder / run_id,
            spec=decode_spec(spec),
            created=created,
            outcome=msgspec.json.decode(outcome, type=RunOutcome) if outcome is not None else None,
            remarks=read_remarks(self._folder / run_id),
            standing=standing,
        )
        self._read[run_id] = state, record
        return record

    def _taken(self) -> set[str]:
        rows = self._database.execute("SELECT id FROM runs")
        folders = [*self._folder.iterdir(), *(self._folder / _TRASH).glob("*")]
        return {row[0] for row in rows} | {folder.name for folder in folders if folder.name.isdecimal()}

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(folder, why(error)) from error


def write_run(folder: Path, spec: RunSpec, snapshot: Snapshot) -> None:
    """Write what an engine carries out. Raises CannotWrite."""
    write_atomically(folder / RECIPE_FILE, encode_spec(spec))
    write_atomically(folder / SNAPSHOT_FILE, encode_snapshot(snapshot))
