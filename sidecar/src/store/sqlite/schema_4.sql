-- What a call is worth behind live ones: 1 is the most, 0 is not judged (live calls, and those of earlier versions). In
-- a lane it only grows, so that a head stands where the most valuable call behind it belongs. Kept by worth.rs.
ALTER TABLE calls ADD COLUMN worth INTEGER NOT NULL DEFAULT 0;
-- The resending a call belongs to; less than 0: it is held by that one and not in the queue.
ALTER TABLE calls ADD COLUMN resend INTEGER;
-- Where a released call was: 'failed', or why it was skipped. Null: it waited.
ALTER TABLE calls ADD COLUMN kept_as TEXT;

DROP INDEX calls_turn;
CREATE INDEX calls_turn ON calls (project, backlog, worth, seq, due_at) WHERE state = 'waiting' AND head = 1;

-- Held calls in the order in which they are released, released ones that wait, and all that wait of a resending.
CREATE INDEX calls_held ON calls (resend, worth, seq) WHERE resend < 0;
CREATE INDEX calls_released ON calls (resend) WHERE resend > 0 AND state = 'waiting' AND kept_as IS NOT NULL;
CREATE INDEX calls_resent ON calls (resend, seq) WHERE resend > 0 AND state = 'waiting';

CREATE TABLE resends (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    project   TEXT    NOT NULL,
    selection TEXT    NOT NULL,
    begun_at  INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    -- Positions before which calls are still to be chosen or held; null: none.
    choosing  INTEGER,
    holding   INTEGER,
    -- Its calls by where they stand, counted by the triggers below.
    held      INTEGER NOT NULL DEFAULT 0,
    waiting   INTEGER NOT NULL DEFAULT 0,
    written   INTEGER NOT NULL DEFAULT 0,
    skipped   INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TRIGGER calls_resend_moved AFTER UPDATE OF state, resend ON calls
WHEN (OLD.resend IS NOT NULL OR NEW.resend IS NOT NULL) AND (OLD.resend IS NOT NEW.resend OR OLD.state <> NEW.state)
BEGIN
    UPDATE resends SET
        held = held - (OLD.resend < 0),
        waiting = waiting - (OLD.resend > 0 AND OLD.state = 'waiting'),
        written = written - (OLD.resend > 0 AND OLD.state = 'written'),
        skipped = skipped - (OLD.resend > 0 AND OLD.state = 'skipped'),
        failed = failed - (OLD.resend > 0 AND OLD.state = 'failed')
    WHERE id = abs(OLD.resend);
    UPDATE resends SET
        held = held + (NEW.resend < 0),
        waiting = waiting + (NEW.resend > 0 AND NEW.state = 'waiting'),
        written = written + (NEW.resend > 0 AND NEW.state = 'written'),
        skipped = skipped + (NEW.resend > 0 AND NEW.state = 'skipped'),
        failed = failed + (NEW.resend > 0 AND NEW.state = 'failed')
    WHERE id = abs(NEW.resend);
END;

-- Forgotten ones are as good as skipped; the age of what is removed otherwise is far beyond any resending.
CREATE TRIGGER calls_resend_removed AFTER DELETE ON calls
WHEN OLD.resend IS NOT NULL AND (OLD.resend < 0 OR OLD.state = 'waiting')
BEGIN
    UPDATE resends SET
        held = held - (OLD.resend < 0), waiting = waiting - (OLD.resend > 0), skipped = skipped + 1
    WHERE id = abs(OLD.resend);
END;
