"""One connection to a project's `studio.db`, and what its failures mean to a person."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Final

from studio.core.errors import CannotWrite, ProjectDamaged, ProjectTooNew, StudioError
from studio.store.schema import SCHEMA_VERSION, prepare, version_of

DATABASE_FILE: Final = "studio.db"
_BUSY_MS: Final = 15_000
_CHECKPOINT_PAGES: Final = 16_384
"""The log is folded into the database by the label writer; a commit does it itself only past 64 MiB."""

_REFUSED: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_UNSOUND: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Database:
    """A connection for one thread. WAL and synchronous=FULL: what is committed outlives a power cut."""

    def __init__(self, path: Path, *, create: bool = False, durable: bool = True) -> None:
        """Raises ProjectDamaged, ProjectTooNew, CannotWrite."""
        self.path = path
        if not create and not path.is_file():
            raise ProjectDamaged(path, "the file is missing")
        with self._told():
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MS / 1000)
        try:
            with self._told():
                self._set_up(create, durable)
        except StudioError:
            self.connection.close()
            raise

    def execute(self, sql: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        with self._told():
            return self.connection.execute(sql, values)

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All of it or nothing; joins the transaction that is already open, if one is."""
        if self.connection.in_transaction:
            yield self.connection
            return
        with self._told():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def step(self) -> Generator[sqlite3.Connection]:
        """A transaction; within one that is open, a part of it that is undone alone where it fails."""
        if not self.connection.in_transaction:
            with self.transaction() as connection:
                yield connection
            return
        with self._told():
            self.connection.execute("SAVEPOINT step")
            try:
                yield self.connection
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK TO step")
                raise
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("RELEASE step")

    def checkpoint(self) -> None:
        """Fold the log into the database, as far as nobody is in the way."""
        with self._told():
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        self.connection.close()

    def _set_up(self, create: bool, durable: bool) -> None:
        version = version_of(self.connection)
        if version > SCHEMA_VERSION:
            raise ProjectTooNew(self.path, version, SCHEMA_VERSION)
        if version == 0 and not create:
            raise ProjectDamaged(self.path, "it holds no tables")
        self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
        self.connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self.connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}").fetchall()
        prepare(self.connection)
        self.connection.execute("SELECT id FROM items LIMIT 1").fetchall()

    @contextlib.contextmanager
    def _told(self) -> Generator[None]:
        """Turn the library's errors into sentences: a disk that refuses, or a file that is no sound database."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _REFUSED:
                raise CannotWrite(self.path, str(error)) from error
            if code in _UNSOUND:
                raise ProjectDamaged(self.path, str(error)) from error
            raise
