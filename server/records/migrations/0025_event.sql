-- Events of alerts for receivers that follow them: raised, told, claimed, closed. One row a receiver and event from the
-- transaction that causes it until it is confirmed or lost. n counts the events of a home, so that a receiver sees
-- their order and what is missing. Times ending in _mono are the server's logical clock (ms).

-- Who follows, and how many events it has not been told and will not be.
CREATE TABLE event_receiver (
    channel   TEXT PRIMARY KEY,
    lost      BIGINT NOT NULL DEFAULT 0,
    lost_mono BIGINT
);

CREATE TABLE event_home (
    home BIGINT PRIMARY KEY,
    n    BIGINT NOT NULL
);

CREATE TABLE event_out (
    id        TEXT PRIMARY KEY,
    channel   TEXT NOT NULL,
    home      BIGINT NOT NULL,
    n         BIGINT NOT NULL,
    alert     TEXT NOT NULL,
    event     TEXT NOT NULL,
    kind      BIGINT NOT NULL,
    severity  BIGINT NOT NULL,
    who       TEXT,
    outcome   BIGINT,
    wall      BIGINT NOT NULL,
    made_mono BIGINT NOT NULL,
    due_mono  BIGINT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0,
    why       TEXT,
    UNIQUE (channel, home, n)
);
CREATE INDEX event_out_due ON event_out(channel, due_mono);

-- Up to which event of a home each receiver has confirmed.
CREATE TABLE event_reach (
    channel TEXT NOT NULL,
    home    BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (channel, home)
);
