-- Persons and where they live from when to when: several in a home, and none is replaced by being edited.
-- Dates are texts as people write them (2026-11-29), times ending in _wall the wall clock (ms since 1970).

CREATE TABLE person (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    call_as          TEXT NOT NULL,
    -- GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not stated.
    sex              SMALLINT NOT NULL,
    -- A year, or a whole date.
    birth            TEXT NOT NULL,
    dialect          TEXT NOT NULL,
    phone            TEXT NOT NULL,
    alone            SMALLINT NOT NULL,
    talk             TEXT NOT NULL,
    health           TEXT NOT NULL,
    doctor           TEXT NOT NULL DEFAULT '',
    -- Wrapped with the key that lies outside of this database; only its end is shown.
    identity         BLOB,
    identity_end     TEXT NOT NULL DEFAULT '',
    ability          SMALLINT,
    ability_on       TEXT NOT NULL DEFAULT '',
    ability_until    TEXT NOT NULL DEFAULT '',
    ability_edition  TEXT NOT NULL DEFAULT '',
    created_wall     BIGINT NOT NULL
);

-- A person lives in a home, and maybe in a bed of it, until they leave it: moved, died, or other.
CREATE TABLE stay (
    id         TEXT PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES person(id),
    home       BIGINT NOT NULL REFERENCES home(id),
    bed        TEXT REFERENCES bed(id),
    from_wall  BIGINT NOT NULL,
    until_wall BIGINT,
    why        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX stay_home ON stay(home);
CREATE INDEX stay_person ON stay(person);

-- What a person counts as, by the list of their region.
CREATE TABLE person_category (
    person     TEXT NOT NULL REFERENCES person(id),
    category   TEXT NOT NULL,
    from_wall  BIGINT NOT NULL,
    until_wall BIGINT,
    PRIMARY KEY (person, category, from_wall)
);

-- Whom to call, in order; one that is taken off the list stays as a row.
CREATE TABLE person_contact (
    id            TEXT PRIMARY KEY,
    person        TEXT NOT NULL REFERENCES person(id),
    place         SMALLINT NOT NULL,
    name          TEXT NOT NULL,
    relation      TEXT NOT NULL,
    phone         TEXT NOT NULL,
    note          TEXT NOT NULL,
    distance      TEXT NOT NULL DEFAULT '',
    has_key       SMALLINT NOT NULL DEFAULT 0,
    consent_on    TEXT NOT NULL DEFAULT '',
    answered_wall BIGINT,
    ended_wall    BIGINT
);
CREATE INDEX person_contact_person ON person_contact(person);

-- Every field that was edited: of what, from what to what, by whom.
CREATE TABLE edit (
    id     TEXT PRIMARY KEY,
    what   TEXT NOT NULL,
    target TEXT NOT NULL,
    field  TEXT NOT NULL,
    was    TEXT NOT NULL,
    became TEXT NOT NULL,
    staff  TEXT NOT NULL,
    wall   BIGINT NOT NULL
);
CREATE INDEX edit_target ON edit(target, wall);

-- Where devices were until they were taken away; where they are now is in device. until_mono is the server's clock.
CREATE TABLE placement (
    device     BIGINT NOT NULL,
    home       BIGINT NOT NULL,
    role       SMALLINT NOT NULL,
    room       TEXT NOT NULL,
    spot       TEXT NOT NULL,
    from_wall  BIGINT NOT NULL,
    until_wall BIGINT NOT NULL,
    until_mono BIGINT NOT NULL
);
CREATE INDEX placement_device ON placement(device, until_mono);

-- Whose an alert was and where, as it was when it was raised. facts: JSON of `records::whose::Whose`.
CREATE TABLE alert_whose (
    alert  TEXT PRIMARY KEY,
    label  TEXT NOT NULL,
    person TEXT NOT NULL,
    facts  TEXT NOT NULL
);

-- Homes in which other people live, until their judgement knows.
CREATE TABLE home_turned (
    home BIGINT PRIMARY KEY
);

INSERT INTO person (id, name, call_as, sex, birth, dialect, phone, alone, talk, health, created_wall)
    SELECT id, name, call_as, CASE sex WHEN 'm' THEN 1 WHEN 'f' THEN 2 ELSE 0 END,
    CASE WHEN born IS NULL THEN '' ELSE CAST(born AS TEXT) END, dialect, phone, alone, talk, health, created_wall
    FROM resident;
INSERT INTO stay (id, person, home, bed, from_wall, until_wall)
    SELECT id, id, home, bed, created_wall, left_wall FROM resident;
INSERT INTO person_contact (id, person, place, name, relation, phone, note)
    SELECT resident || '-' || CAST(place AS TEXT), resident, place, name, relation, phone, note FROM contact;
DROP TABLE contact;
DROP TABLE resident;
