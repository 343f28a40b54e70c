"""The tables of `studio.db` and how older ones become today's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from studio.store.measure_migrations import leave_unlabelled_unmeasured, measure_scores, tell_classes_from_the_indices

SCHEMA_VERSION: Final = 16

_FOLDER: Final = "rtrim(name, replace(name, '/', ''))"
_SEQUENCE: Final = (
    f"TEXT AS (CASE WHEN group_name != '' THEN group_name ELSE substr({_FOLDER}, 1, length({_FOLDER}) - 1) END) VIRTUAL"
)
"""Of an item its sequence, else its folder; empty where it has neither."""

_INDEX_OF_SEQUENCES: Final = "CREATE INDEX items_by_sequence ON items (sequence, id)"

TABLES: Final = f"""
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sort_key TEXT NOT NULL,
    root INTEGER,                          -- position in image_roots; -1: the project's folder; NULL: path is absolute
    path TEXT NOT NULL,
    label TEXT NOT NULL COLLATE NOCASE UNIQUE,  -- below labels/; also unique where files ignore case
    split TEXT NOT NULL,
    group_name TEXT NOT NULL,
    labelled INTEGER NOT NULL DEFAULT 0,
    left_out INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    head INTEGER NOT NULL DEFAULT 0,       -- the edit that the item shows; 0: none
    redo INTEGER NOT NULL DEFAULT 0,       -- the edit that redo brings again while head is 0
    label_head INTEGER NOT NULL DEFAULT 0, -- the edit that the label file shows
    points BLOB,
    tags BLOB,                             -- JSON of core.tags.Tags; NULL: nobody has said anything
    sequence {_SEQUENCE}
);
{_INDEX_OF_SEQUENCES};
CREATE INDEX items_in_order ON items (sort_key, id, split, labelled, left_out);
CREATE INDEX items_with_old_label ON items (id) WHERE head != label_head;

-- A tree for each item: `parent` is the edit before, 0 the empty start, NULL for a root (an annotation that came as a
-- whole: imported, or a label file put there by another program). Nothing is ever deleted from it.
CREATE TABLE edits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL,
    parent INTEGER,
    redo INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    time REAL NOT NULL,
    digest BLOB,                           -- of a root's pixels, where its label file does not name it
    data BLOB
);
CREATE INDEX edits_of_item ON edits (item);

CREATE TABLE class_pixels (
    class_id INTEGER NOT NULL,
    item INTEGER NOT NULL,
    pixels INTEGER NOT NULL,
    PRIMARY KEY (item, class_id)
) WITHOUT ROWID;
CREATE INDEX items_with_class ON class_pixels (class_id, item) WHERE pixels > 0;

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    spec BLOB NOT NULL,
    outcome BLOB,
    deleted INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE scores (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    data BLOB NOT NULL,                    -- JSON of core.review.ItemScore
    PRIMARY KEY (run, item)
) WITHOUT ROWID;

-- The figures of `scores` by which items are sorted and filtered, apart from the rest, so that reading all is quick.
CREATE TABLE measures (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    split TEXT NOT NULL,
    loss REAL,                             -- NULL: there was no label to judge by, and so with error
    error REAL,
    confidence REAL,                       -- NULL: not known, and so with margin and entropy
    margin REAL,
    entropy REAL,
    corrected INTEGER NOT NULL,
    filed_under INTEGER,                   -- the class of the label or of the largest mistake
    PRIMARY KEY (run, item)
) WITHOUT ROWID;
CREATE INDEX measures_by_loss ON measures (run, loss DESC, item, split, filed_under);
CREATE INDEX measures_by_error ON measures (run, error DESC, item, split, filed_under);
CREATE INDEX measures_by_confidence ON measures (run, confidence, item, split, filed_under);
CREATE INDEX measures_by_margin ON measures (run, margin, item, split, filed_under);
CREATE INDEX measures_by_entropy ON measures (run, entropy DESC, item, split, filed_under);

CREATE TABLE overlaps (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    class_id INTEGER NOT NULL,
    overlap REAL NOT NULL,                 -- intersection over union of a mask in this class
    PRIMARY KEY (run, class_id, item)
) WITHOUT ROWID;
CREATE INDEX overlaps_worst_first ON overlaps (run, class_id, overlap, item);

CREATE TABLE confusions (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    label INTEGER NOT NULL,
    predicted INTEGER NOT NULL,
    pixels INTEGER NOT NULL,
    PRIMARY KEY (run, label, predicted, item)
) WITHOUT ROWID;

-- Runs whose scores are being brought in, or were until that was broken off; the latest beginner's token.
CREATE TABLE score_loadings (run TEXT PRIMARY KEY, token TEXT NOT NULL);

-- Which labels a run holds for wrong; `quality` 0 (surely wrong) to 1, `data` JSON of core.suspicions.Suspicion.
CREATE TABLE suspicions (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    quality REAL NOT NULL,
    issue INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (run, item)
) WITHOUT ROWID;
CREATE INDEX suspicions_worst_first ON suspicions (run, quality, item, issue);

-- Where each item stands in a run's review: `accepted` is the edit by which the prediction was accepted, 0 for none;
-- `hides` is 1 where the decision is what left the item out.
CREATE TABLE verdicts (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    decision TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    hides INTEGER NOT NULL,
    PRIMARY KEY (run, item)
) WITHOUT ROWID;

-- Every step of a review in its order, for undo and redo: how the item stood before it, what it did, the annotation's
-- revisions, and who did it. A step is done, undone, or dropped (undone, and then something else was decided). `act`
-- says what kind of step it is; `edit` is the label's edit that it made itself (0: none, or an accepted prediction;
-- negative: doing it again found nothing left to change); `batch` is the same number for steps that were taken together
-- (0: alone); `note` and `note_before` are JSON of core.review.Note, NULL for none; `head_before` is the edit that the
-- item showed before the step, NULL where an earlier version kept it.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    previous TEXT NOT NULL,
    accepted_before INTEGER NOT NULL,
    hides_before INTEGER NOT NULL,
    decision TEXT NOT NULL,
    took_back INTEGER NOT NULL,
    before INTEGER NOT NULL,
    after INTEGER NOT NULL,
    time REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'done',
    act TEXT NOT NULL DEFAULT 'decided',
    edit INTEGER NOT NULL DEFAULT 0,
    what TEXT NOT NULL DEFAULT '',
    who TEXT NOT NULL DEFAULT '',
    batch INTEGER NOT NULL DEFAULT 0,
    note_before BLOB,
    note BLOB,
    head_before INTEGER
);
CREATE INDEX decisions_of_run ON decisions (run, state, id);
CREATE INDEX decisions_of_item ON decisions (run, item, id);

-- What somebody wants to know about an item, JSON of core.review.Note; `open` until it is answered.
CREATE TABLE notes (item INTEGER PRIMARY KEY, data BLOB NOT NULL, open INTEGER NOT NULL);
CREATE INDEX open_notes ON notes (item) WHERE open = 1;

-- Items that a model got wrong out there: the file that told of them, and what it said the model answered.
CREATE TABLE production (
    item INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    predicted TEXT NOT NULL,
    time REAL NOT NULL
);

CREATE TABLE carried (
    item INTEGER PRIMARY KEY,
    data BLOB NOT NULL                     -- the shapes that an import brought, JSON of core.shapes.Carried
);

CREATE TABLE carried_notes (
    source TEXT PRIMARY KEY,               -- a format's name
    data BLOB NOT NULL                     -- what the source says about the whole data set, JSON
) WITHOUT ROWID;

CREATE TABLE proposals (
    item INTEGER PRIMARY KEY,
    source TEXT NOT NULL,                  -- a run's id, or strokes
    mask TEXT,                             -- below proposals/
    points BLOB,
    uncertainty REAL,                      -- 0 (sure) to 1; NULL: unknown
    time REAL NOT NULL,
    open INTEGER NOT NULL,
    tags BLOB                              -- JSON of core.tags.PredictedTags
);
CREATE INDEX open_proposals ON proposals (item) WHERE open = 1;

-- The edits that took over or settled an item's present proposal: undoing one opens it again, redoing one closes it.
CREATE TABLE acceptances (edit INTEGER PRIMARY KEY, item INTEGER NOT NULL);
CREATE INDEX acceptances_of_item ON acceptances (item);

-- What to label next. Who waits is told by the items themselves, so that undoing a label brings its item back.
CREATE TABLE queue (
    place INTEGER PRIMARY KEY,             -- from 1 on
    item INTEGER NOT NULL UNIQUE,
    run TEXT NOT NULL,                     -- empty: drawn at random
    uncertainty REAL
);

-- Whether a fine-tuned run's model or its parent's is gone on with: every decision, the latest of a run in force.
CREATE TABLE model_choices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    parent TEXT NOT NULL,
    kept TEXT NOT NULL,                    -- new, old or undecided
    who TEXT NOT NULL,
    time REAL NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX model_choices_of_run ON model_choices (run, id);
"""

Migration = Callable[[sqlite3.Connection], None]


def _add_carried_shapes(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE carried (item INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    connection.execute("CREATE TABLE carried_notes (source TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID")


def _add_proposals(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE proposals (item INTEGER PRIMARY KEY, source TEXT NOT NULL, mask TEXT, points BLOB, "
        "uncertainty REAL, time REAL NOT NULL, open INTEGER NOT NULL, accepted INTEGER NOT NULL)"
    )
    connection.execute("CREATE INDEX open_proposals ON proposals (item) WHERE open = 1")


def _tell_splits_from_the_index(connection: sqlite3.Connection) -> None:
    connection.execute("DROP INDEX IF EXISTS scores_worst_first")
    connection.execute("CREATE INDEX scores_worst_first ON scores (run, loss DESC, item, split)")


def _add_tags(connection: sqlite3.Connection) -> None:
    if "tags" not in {row[1] for row in connection.execute("PRAGMA table_info(items)")}:
        connection.execute("ALTER TABLE items ADD COLUMN tags BLOB")


def _keep_acceptances(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE acceptances (edit INTEGER PRIMARY KEY, item INTEGER NOT NULL)")
    connection.execute("CREATE INDEX acceptances_of_item ON acceptances (item)")
    connection.execute("INSERT INTO acceptances SELECT accepted, item FROM proposals WHERE accepted != 0")
    connection.execute("ALTER TABLE proposals DROP COLUMN accepted")


def _add_suspicions(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS suspicions (run TEXT NOT NULL, item INTEGER NOT NULL, quality REAL NOT NULL, "
        "issue INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, item)) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS suspicions_worst_first ON suspicions (run, quality, item, issue)")


def _keep_a_journal_of_review(connection: sqlite3.Connection) -> None:
    known = {row[1] for row in connection.execute("PRAGMA table_info(decisions)")}
    for column in (
        "act TEXT NOT NULL DEFAULT 'decided'",
        "edit INTEGER NOT NULL DEFAULT 0",
        "what TEXT NOT NULL DEFAULT ''",
        "who TEXT NOT NULL DEFAULT ''",
        "batch INTEGER NOT NULL DEFAULT 0",
        "note_before BLOB",
        "note BLOB",
    ):
        if column.split()[0] not in known:
            connection.execute(f"ALTER TABLE decisions ADD COLUMN {column}")
    connection.execute("CREATE INDEX IF NOT EXISTS decisions_of_item ON decisions (run, item, id)")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS notes (item INTEGER PRIMARY KEY, data BLOB NOT NULL, open INTEGER NOT NULL)"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS open_notes ON notes (item) WHERE open = 1")


def _add_queue(connection: sqlite3.Connection) -> None:
    if "tags" not in {row[1] for row in connection.execute("PRAGMA table_info(proposals)")}:
        connection.execute("ALTER TABLE proposals ADD COLUMN tags BLOB")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS queue (place INTEGER PRIMARY KEY, item INTEGER NOT NULL UNIQUE, run TEXT NOT NULL, "
        "uncertainty REAL)"
    )


def _add_model_choices(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS model_choices (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, "
        "parent TEXT NOT NULL, kept TEXT NOT NULL, who TEXT NOT NULL, time REAL NOT NULL, note TEXT NOT NULL)"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS model_choices_of_run ON model_choices (run, id)")


def _add_production(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS production (item INTEGER PRIMARY KEY, source TEXT NOT NULL, "
        "predicted TEXT NOT NULL, time REAL NOT NULL)"
    )


def _add_score_loadings_and_sequences(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS score_loadings (run TEXT PRIMARY KEY, token TEXT NOT NULL)")
    if "sequence" not in {row[1] for row in connection.execute("PRAGMA table_xinfo(items)")}:
        connection.execute(f"ALTER TABLE items ADD COLUMN sequence {_SEQUENCE}")
        connection.execute(_INDEX_OF_SEQUENCES)


def _keep_where_labels_began(connection: sqlite3.Connection) -> None:
    if "head_before" not in {row[1] for row in connection.execute("PRAGMA table_info(decisions)")}:
        connection.execute("ALTER TABLE decisions ADD COLUMN head_before INTEGER")


MIGRATIONS: Final[Mapping[int, Migration]] = {
    1: _add_carried_shapes,
    2: _add_proposals,
    3: _tell_splits_from_the_index,
    4: _add_tags,
    5: _keep_acceptances,
    6: _add_suspicions,
    7: _keep_a_journal_of_review,
    8: _add_queue,
    9: _add_model_choices,
    10: _add_production,
    11: measure_scores,
    12: tell_classes_from_the_indices,
    13: leave_unlabelled_unmeasured,
    14: _add_score_loadings_and_sequences,
    15: _keep_where_labels_began,
}
"""By the version that a database has: what turns it into the next one. Runs inside a transaction."""


def prepare(connection: sqlite3.Connection, migrations: Mapping[int, Migration] = MIGRATIONS) -> None:
    """Bring a database up to today's schema: make the tables of a new one, migrate an older one, all or nothing."""
    version = version_of(connection)
    if version == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _bring_up(connection, version_of(connection), migrations)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _bring_up(connection: sqlite3.Connection, version: int, migrations: Mapping[int, Migration]) -> None:
    if version == 0:
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
    else:
        for step in range(version, SCHEMA_VERSION):
            migrations[step](connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
