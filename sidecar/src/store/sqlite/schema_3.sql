-- Projects that administrators put; what `sealed` holds the caller knows.
CREATE TABLE projects (
    id         TEXT    PRIMARY KEY,
    text       TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    revision   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row that counts changes of projects, removals too, so that no revision is used twice.
CREATE TABLE pulse (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    projects INTEGER NOT NULL
) STRICT;
INSERT INTO pulse (one, projects) VALUES (1, 0);
