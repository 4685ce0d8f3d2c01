-- People of the watch room: who they are, their sessions, what they did, what they looked at.
-- Times ending in _mono are the server's logical clock (ms), _wall the wall clock (ms since 1970).

CREATE TABLE staff (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    display      TEXT NOT NULL,
    role         TEXT NOT NULL,
    password     TEXT,
    disabled     SMALLINT NOT NULL DEFAULT 0,
    created_wall BIGINT NOT NULL
);

-- One-time log-in codes; only the SHA-256 of a code is here.
CREATE TABLE login_code (
    hash       TEXT PRIMARY KEY,
    staff      TEXT NOT NULL REFERENCES staff(id),
    until_mono BIGINT NOT NULL
);

-- Sessions; only the SHA-256 of a token is here. Theme and language belong to the shift.
CREATE TABLE session (
    hash         TEXT PRIMARY KEY,
    staff        TEXT NOT NULL REFERENCES staff(id),
    created_mono BIGINT NOT NULL,
    seen_mono    BIGINT NOT NULL,
    theme        TEXT NOT NULL,
    lang         TEXT NOT NULL
);
CREATE INDEX session_staff ON session(staff);

-- The part of an alert's life that only the desk needs; the rest is in alert.
CREATE TABLE work (
    alert      TEXT PRIMARY KEY,
    since_mono BIGINT,
    acted_mono BIGINT,
    actions    BIGINT NOT NULL DEFAULT 0,
    begun      SMALLINT NOT NULL DEFAULT 0,
    returned   SMALLINT NOT NULL DEFAULT 0
);

-- What was done about an alert, in words that reports count.
CREATE TABLE action (
    id     TEXT PRIMARY KEY,
    alert  TEXT NOT NULL,
    staff  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    result TEXT,
    text   TEXT,
    wall   BIGINT NOT NULL
);
CREATE INDEX action_alert ON action(alert, wall);

-- Who looked at whose page or card, and why.
CREATE TABLE access (
    id    TEXT PRIMARY KEY,
    staff TEXT NOT NULL,
    home  BIGINT NOT NULL,
    why   TEXT NOT NULL,
    wall  BIGINT NOT NULL
);
CREATE INDEX access_home ON access(home, wall);
