"""Turns a project's database into what earlier versions had."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

_SCORES_AS_IN_7: Final = """
DROP TABLE measures; DROP TABLE overlaps;
ALTER TABLE scores ADD COLUMN split TEXT NOT NULL DEFAULT 'valid';
ALTER TABLE scores ADD COLUMN loss REAL NOT NULL DEFAULT 0;
CREATE INDEX scores_worst_first ON scores (run, loss DESC, item, split);
"""


def make_earlier(project: Path, version: int, script: str = "") -> None:
    """`script` undoes what came between `version` and 7."""
    connection = sqlite3.connect(project / "studio.db")
    connection.executescript(f"{_SCORES_AS_IN_7} {script}; PRAGMA user_version = {version}")
    connection.close()
