-- Whether a finished call of a resending is still stored, before the resending is removed. Few calls belong to one.
CREATE INDEX calls_resend_done ON calls (resend) WHERE resend > 0 AND state <> 'waiting';
