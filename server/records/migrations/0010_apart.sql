-- What keeps one damaged home apart from all others.

-- A check over the stored judgement; a state with a wrong one is not believed. None = of an older build.
ALTER TABLE care_state ADD COLUMN check_sum BIGINT;

-- States that could not be used, or that hold more than this build reads, as they were; kept for support.
CREATE TABLE care_aside (
    home   BIGINT NOT NULL,
    place  BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state  BLOB NOT NULL
);
CREATE INDEX care_aside_home ON care_aside(home, place);
