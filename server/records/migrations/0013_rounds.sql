-- An alert may climb the ladder more than once: each time is a round. A notice belongs to a round and a receiver,
-- and its times are the server's logical clock (ms), since nothing is deleted by a clock on a wall.

CREATE TABLE ladder_rounds (
    alert TEXT NOT NULL,
    round BIGINT NOT NULL,
    step  SMALLINT NOT NULL,
    due   BIGINT NOT NULL,
    done  BIGINT,
    PRIMARY KEY (alert, round, step)
);
INSERT INTO ladder_rounds (alert, round, step, due, done) SELECT alert, 0, step, due, done FROM ladder;
DROP TABLE ladder;
ALTER TABLE ladder_rounds RENAME TO ladder;
CREATE INDEX ladder_due ON ladder(due) WHERE done IS NULL;

-- State: 0 waits, 1 confirmed, 2 given up, 3 not needed any more. Unsure: it may have arrived without an answer.
CREATE TABLE outbox_rounds (
    id           TEXT PRIMARY KEY,
    channel      TEXT NOT NULL,
    alert        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    round        BIGINT NOT NULL,
    urgent       SMALLINT NOT NULL,
    body         TEXT NOT NULL,
    state        SMALLINT NOT NULL,
    tries        BIGINT NOT NULL,
    unsure       SMALLINT NOT NULL DEFAULT 0,
    due_mono     BIGINT NOT NULL,
    created_mono BIGINT NOT NULL,
    created_wall BIGINT NOT NULL,
    ended_mono   BIGINT,
    ended_wall   BIGINT,
    receipt      TEXT,
    UNIQUE (alert, reason, round, channel)
);
INSERT INTO outbox_rounds (id, channel, alert, reason, round, urgent, body, state, tries, due_mono,
    created_mono, created_wall, ended_mono, ended_wall, receipt)
    SELECT id, channel, alert, reason, 0, 1, body, state, tries, due_mono,
    COALESCE((SELECT high FROM clock WHERE one = 1), 0), created_wall,
    CASE WHEN state = 0 THEN NULL ELSE COALESCE((SELECT high FROM clock WHERE one = 1), 0) END,
    ended_wall, receipt FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_rounds RENAME TO outbox;
CREATE INDEX outbox_due ON outbox(channel, due_mono) WHERE state = 0;
CREATE INDEX outbox_ended ON outbox(ended_mono) WHERE state <> 0;
