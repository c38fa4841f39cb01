-- Times are microseconds since 1970-01-01T00:00:00Z; days are ISO dates in the project's zone.
-- Structures of the engine are kept as JSON; a column of its own has only what is searched for.

CREATE TABLE calls (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    project        TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    lane           TEXT    NOT NULL,
    call           TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    facts          TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('waiting', 'written', 'skipped', 'failed')),
    skip_code      TEXT    CHECK ((skip_code IS NOT NULL) = (state = 'skipped')),
    received_at    INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    happened_at    INTEGER NOT NULL,
    day            TEXT    NOT NULL,
    due_at         INTEGER NOT NULL,
    retrying       INTEGER NOT NULL,
    backlog        INTEGER NOT NULL,
    -- 1: no earlier call of the lane holds this one back. Kept by queue.rs; the heads of a lane come first in it.
    head           INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    trouble        TEXT,
    trouble_reason TEXT,
    reasons        TEXT    NOT NULL,
    written        TEXT    NOT NULL,
    trace          TEXT,
    UNIQUE (project, id)
) STRICT;

-- The queue: a lane in order, heads in order of their turn, heads by the time of their turn.
CREATE INDEX calls_lane ON calls (project, lane, seq) WHERE state = 'waiting';
CREATE INDEX calls_turn ON calls (project, backlog, seq, due_at) WHERE state = 'waiting' AND head = 1;
CREATE INDEX calls_due ON calls (project, due_at) WHERE state = 'waiting' AND head = 1;
CREATE INDEX calls_behind ON calls (project, lane) WHERE state = 'waiting' AND backlog = 1;

-- For people: lists by state, the ledger.
CREATE INDEX calls_state ON calls (project, state, seq);
CREATE INDEX calls_day ON calls (project, day, state, skip_code);

-- Bodies as received, for replay.
CREATE TABLE pieces (
    call INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
    nr   INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    raw  TEXT    NOT NULL,
    PRIMARY KEY (call, nr)
) STRICT, WITHOUT ROWID;

-- Records made or adopted for a lane's client.
CREATE TABLE own (
    project TEXT    NOT NULL,
    lane    TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    record  TEXT    NOT NULL,
    PRIMARY KEY (project, lane, kind, id)
) STRICT, WITHOUT ROWID;

-- Who last talked with a lane's client, by when the call happened.
CREATE TABLE talks (
    project     TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    happened_at INTEGER NOT NULL,
    PRIMARY KEY (project, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
    project TEXT PRIMARY KEY,
    state   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When something was last written to a project's CRM.
CREATE TABLE writes (
    project TEXT PRIMARY KEY,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    project    TEXT PRIMARY KEY,
    sealed     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
