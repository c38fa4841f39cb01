-- Projects that administrators put; what `sealed` holds the caller knows.
CREATE TABLE projects (
    id         TEXT   PRIMARY KEY,
    text       TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,
    revision   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Counts changes of projects, removals too: sidecars notice it with their beat, and no revision is used twice.
ALTER TABLE pulse ADD COLUMN projects BIGINT NOT NULL DEFAULT 0;
