-- The tables as they were in version 6, before review kept a journal.
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sort_key TEXT NOT NULL,
    root INTEGER,
    path TEXT NOT NULL,
    label TEXT NOT NULL COLLATE NOCASE UNIQUE,
    split TEXT NOT NULL,
    group_name TEXT NOT NULL,
    labelled INTEGER NOT NULL DEFAULT 0,
    left_out INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    head INTEGER NOT NULL DEFAULT 0,
    redo INTEGER NOT NULL DEFAULT 0,
    label_head INTEGER NOT NULL DEFAULT 0,
    points BLOB,
    tags BLOB
);
CREATE INDEX items_in_order ON items (sort_key, id, split, labelled, left_out);
CREATE INDEX items_with_old_label ON items (id) WHERE head != label_head;

CREATE TABLE edits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL,
    parent INTEGER,
    redo INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    time REAL NOT NULL,
    digest BLOB,
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
    split TEXT NOT NULL,
    loss REAL NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (run, item)
) WITHOUT ROWID;
CREATE INDEX scores_worst_first ON scores (run, loss DESC, item, split);

CREATE TABLE confusions (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    label INTEGER NOT NULL,
    predicted INTEGER NOT NULL,
    pixels INTEGER NOT NULL,
    PRIMARY KEY (run, label, predicted, item)
) WITHOUT ROWID;

CREATE TABLE verdicts (
    run TEXT NOT NULL,
    item INTEGER NOT NULL,
    decision TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    hides INTEGER NOT NULL,
    PRIMARY KEY (run, item)
) WITHOUT ROWID;

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
    state TEXT NOT NULL DEFAULT 'done'
);
CREATE INDEX decisions_of_run ON decisions (run, state, id);

CREATE TABLE carried (
    item INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

CREATE TABLE carried_notes (
    source TEXT PRIMARY KEY,
    data BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE proposals (
    item INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    mask TEXT,
    points BLOB,
    uncertainty REAL,
    time REAL NOT NULL,
    open INTEGER NOT NULL
);
CREATE INDEX open_proposals ON proposals (item) WHERE open = 1;

CREATE TABLE acceptances (edit INTEGER PRIMARY KEY, item INTEGER NOT NULL);
CREATE INDEX acceptances_of_item ON acceptances (item);
