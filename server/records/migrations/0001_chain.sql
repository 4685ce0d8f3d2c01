-- What homes say and what became of it. Times ending in _mono are the server's logical clock (ms),
-- _wall the wall clock (ms since 1970). Numbers of kinds, severities and rungs are those of the crates
-- proto and care; a boot is its 64 bits, signed.

CREATE TABLE alert (
    id              TEXT PRIMARY KEY,
    home            BIGINT NOT NULL,
    incident        BIGINT NOT NULL,
    kind            SMALLINT NOT NULL,
    severity        SMALLINT NOT NULL,
    state           SMALLINT NOT NULL DEFAULT 0,
    device          BIGINT,
    gateway         BIGINT,
    count           BIGINT NOT NULL,
    trust           SMALLINT NOT NULL,
    late            SMALLINT NOT NULL,
    raised_wall     BIGINT NOT NULL,
    raised_mono     BIGINT NOT NULL,
    visible_mono    BIGINT,
    visible_wall    BIGINT,
    owner           TEXT,
    fence           BIGINT NOT NULL DEFAULT 0,
    lease_mono      BIGINT,
    claimed_wall    BIGINT,
    suspended_until BIGINT,
    outcome         SMALLINT,
    closed_wall     BIGINT,
    closed_by       TEXT,
    note            TEXT NOT NULL DEFAULT '',
    step            SMALLINT NOT NULL DEFAULT -1,
    cursor          BIGINT NOT NULL,
    evidence        BLOB
);
CREATE UNIQUE INDEX alert_incident ON alert(home, incident);
CREATE INDEX alert_open ON alert(raised_mono) WHERE state < 3;
CREATE INDEX alert_cursor ON alert(cursor);
CREATE INDEX alert_home ON alert(home, raised_wall);

-- One press or fall. The same id never stands twice: a copy changes nothing.
CREATE TABLE activation (
    device        BIGINT NOT NULL,
    boot          BIGINT NOT NULL,
    seq           BIGINT NOT NULL,
    trust         SMALLINT NOT NULL,
    hash          BLOB NOT NULL,
    alert         TEXT NOT NULL,
    kind          SMALLINT NOT NULL,
    rung          SMALLINT NOT NULL,
    pressed_mono  BIGINT,
    pressed_wall  BIGINT,
    stored_mono   BIGINT,
    received_wall BIGINT NOT NULL,
    late          SMALLINT NOT NULL,
    PRIMARY KEY (device, boot, seq, trust, hash)
);
CREATE INDEX activation_alert ON activation(alert);

-- The next step of each alert that nobody has ended.
CREATE TABLE ladder (
    alert TEXT NOT NULL,
    step  SMALLINT NOT NULL,
    due   BIGINT NOT NULL,
    done  BIGINT,
    PRIMARY KEY (alert, step)
);
CREATE INDEX ladder_due ON ladder(due) WHERE done IS NULL;

-- Each change of the queue, numbered in commit order: the cursor of every screen.
CREATE TABLE change (
    cursor INTEGER PRIMARY KEY,
    alert  TEXT NOT NULL,
    wall   BIGINT NOT NULL
);

CREATE TABLE timeline (
    alert  TEXT NOT NULL,
    wall   BIGINT NOT NULL,
    mono   BIGINT NOT NULL,
    what   SMALLINT NOT NULL,
    who    TEXT,
    detail TEXT
);
CREATE INDEX timeline_alert ON timeline(alert, mono);

-- Which frames of a boot have been taken: all up to base, and those whose bit is set after it.
CREATE TABLE seen (
    device  BIGINT NOT NULL,
    boot    BIGINT NOT NULL,
    base    BIGINT NOT NULL,
    bits    BLOB NOT NULL,
    touched BIGINT NOT NULL,
    PRIMARY KEY (device, boot)
);
CREATE INDEX seen_touched ON seen(touched);

-- What the judgement of each home remembers, and when it wants to be asked again.
CREATE TABLE care_state (
    home  BIGINT PRIMARY KEY,
    state BLOB NOT NULL,
    due   BIGINT
);
CREATE INDEX care_due ON care_state(due) WHERE due IS NOT NULL;

-- Which gateways are silent, so that a restart does not tell it twice.
CREATE TABLE gateway_silent (
    gateway BIGINT PRIMARY KEY,
    alert   TEXT NOT NULL
);

-- Records that could not be taken in; kept for support.
CREATE TABLE quarantine (
    id      TEXT PRIMARY KEY,
    gateway BIGINT NOT NULL,
    wall    BIGINT NOT NULL,
    reason  TEXT NOT NULL,
    bytes   BLOB NOT NULL
);

CREATE TABLE clock (
    one      SMALLINT PRIMARY KEY,
    boot     TEXT NOT NULL,
    offset_ms BIGINT NOT NULL,
    high     BIGINT NOT NULL
);
