-- What the judgement asks of homes, how it is set for them, and what it has heard.
-- Times ending in _mono are the server's logical clock (ms), _wall the wall clock (ms since 1970).

-- When an alert that was less has become an emergency: its ladder counts from here.
ALTER TABLE alert ADD COLUMN rose_mono BIGINT;

-- Questions to homes before an operator is troubled: answered (1), raised (2), or still asked (0).
CREATE TABLE question (
    home       BIGINT NOT NULL,
    incident   BIGINT NOT NULL,
    kind       SMALLINT NOT NULL,
    device     BIGINT,
    asked_wall BIGINT NOT NULL,
    until_mono BIGINT NOT NULL,
    ended_wall BIGINT,
    answer     SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (home, incident)
);
CREATE INDEX question_home ON question(home, asked_wall);

-- How a home is judged, where it differs from the policy: CBOR of `care::policy::Rules`.
CREATE TABLE home_rules (
    home     BIGINT PRIMARY KEY,
    rules    BLOB NOT NULL,
    staff    TEXT NOT NULL,
    set_wall BIGINT NOT NULL
);

-- What the judgement of a home has heard, many inputs a row, for rehearsals. Not for alarms: the last
-- minutes before a crash may be missing.
CREATE TABLE heard (
    home      BIGINT NOT NULL,
    from_mono BIGINT NOT NULL,
    to_mono   BIGINT NOT NULL,
    inputs    BLOB NOT NULL,
    PRIMARY KEY (home, from_mono)
);
CREATE INDEX heard_to ON heard(to_mono);
