-- What must leave the house: one row a message until somebody outside has confirmed it.
-- Body and target hold ids only. Times ending in _mono are the server's logical clock (ms).

CREATE TABLE outbox (
    id           TEXT PRIMARY KEY,
    channel      TEXT NOT NULL,
    alert        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    body         TEXT NOT NULL,
    state        SMALLINT NOT NULL,
    tries        BIGINT NOT NULL,
    due_mono     BIGINT NOT NULL,
    created_wall BIGINT NOT NULL,
    ended_wall   BIGINT,
    receipt      TEXT,
    UNIQUE (alert, reason, channel)
);
CREATE INDEX outbox_due ON outbox(state, due_mono);
