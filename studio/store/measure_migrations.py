"""How the figures by which a run's items are sorted came into tables of their own, version by version."""

from __future__ import annotations

import sqlite3
from typing import Final

_MEASURES: Final = """
CREATE TABLE measures (
    run TEXT NOT NULL, item INTEGER NOT NULL, split TEXT NOT NULL, loss REAL NOT NULL, error REAL NOT NULL,
    confidence REAL, margin REAL, entropy REAL, corrected INTEGER NOT NULL, filed_under INTEGER, PRIMARY KEY (run, item)
) WITHOUT ROWID;
INSERT INTO measures
SELECT run, item, split, loss, COALESCE(json_extract(line, '$.error'), 0), NULL, NULL, NULL,
       COALESCE(json_extract(line, '$.corrected'), 0),
       COALESCE(json_extract(line, '$.label.ids[0]'), NULLIF(json_extract(line, '$.confusion[0][0]'), -1),
                json_extract(line, '$.confusion[0][1]'))
FROM (SELECT *, CASE WHEN json_valid(CAST(data AS TEXT)) THEN CAST(data AS TEXT) ELSE '{}' END AS line FROM scores);
CREATE INDEX measures_by_loss ON measures (run, loss DESC, item, split);
CREATE INDEX measures_by_error ON measures (run, error DESC, item, split);
CREATE INDEX measures_by_confidence ON measures (run, confidence, item, split);
CREATE INDEX measures_by_margin ON measures (run, margin, item, split);
CREATE INDEX measures_by_entropy ON measures (run, entropy DESC, item, split);
DROP INDEX IF EXISTS scores_worst_first;
ALTER TABLE scores DROP COLUMN split;
ALTER TABLE scores DROP COLUMN loss;
CREATE TABLE overlaps (
    run TEXT NOT NULL, item INTEGER NOT NULL, class_id INTEGER NOT NULL, overlap REAL NOT NULL,
    PRIMARY KEY (run, class_id, item)
) WITHOUT ROWID;
CREATE INDEX overlaps_worst_first ON overlaps (run, class_id, overlap, item)
"""


_NULLABLE_MEASURES: Final = """
CREATE TABLE measures (
    run TEXT NOT NULL, item INTEGER NOT NULL, split TEXT NOT NULL, loss REAL, error REAL,
    confidence REAL, margin REAL, entropy REAL, corrected INTEGER NOT NULL, filed_under INTEGER, PRIMARY KEY (run, item)
) WITHOUT ROWID;
INSERT INTO measures
SELECT run, item, split, IIF(labelled, loss, NULL), IIF(labelled, error, NULL), confidence, margin, entropy, corrected,
       filed_under
FROM (SELECT measures_before.*, CASE WHEN json_valid(CAST(data AS TEXT))
             THEN COALESCE(json_extract(CAST(data AS TEXT), '$.labelled'), 1) ELSE 1 END AS labelled
      FROM measures_before LEFT JOIN scores USING (run, item));
DROP TABLE measures_before
"""


def measure_scores(connection: sqlite3.Connection) -> None:
    """What earlier versions did not score stays unknown."""
    if "loss" not in {row[1] for row in connection.execute("PRAGMA table_info(scores)")}:
        return
    for statement in _MEASURES.split(";\n"):
        connection.execute(statement)


def tell_classes_from_the_indices(connection: sqlite3.Connection) -> None:
    for column, way in (
        ("loss", " DESC"),
        ("error", " DESC"),
        ("confidence", ""),
        ("margin", ""),
        ("entropy", " DESC"),
    ):
        connection.execute(f"DROP INDEX IF EXISTS measures_by_{column}")
        connection.execute(
            f"CREATE INDEX measures_by_{column} ON measures (run, {column}{way}, item, split, filed_under)"
        )


def leave_unlabelled_unmeasured(connection: sqlite3.Connection) -> None:
    """What nobody had labelled has no loss and no error, where earlier versions kept a 0."""
    connection.execute("ALTER TABLE measures RENAME TO measures_before")
    for statement in _NULLABLE_MEASURES.split(";\n"):
        connection.execute(statement)
    tell_classes_from_the_indices(connection)
