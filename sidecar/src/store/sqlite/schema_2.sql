-- What the ledger counts of calls that are stored no longer.
CREATE TABLE ledger_days (
    project   TEXT    NOT NULL,
    day       TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('written', 'skipped', 'failed')),
    -- Empty unless skipped.
    skip_code TEXT    NOT NULL,
    calls     INTEGER NOT NULL,
    PRIMARY KEY (project, day, state, skip_code)
) STRICT, WITHOUT ROWID;

-- For what is removed: by age, and by client. Waiting calls stand in neither, so that the queue costs what it did.
CREATE INDEX calls_age ON calls (state, changed_at) WHERE state <> 'waiting';
CREATE INDEX calls_client ON calls (project, lane) WHERE state <> 'waiting';
CREATE INDEX pieces_age ON pieces (at);
CREATE INDEX own_age ON own (at);
CREATE INDEX talks_age ON talks (happened_at);
