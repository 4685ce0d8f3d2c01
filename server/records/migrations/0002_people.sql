-- Who belongs where: organisations, homes, beds, residents and whom to call, gateways, devices.
-- Ids of homes, gateways and devices are the numbers of the wire, below 2^50. Times are the wall
-- clock in ms since 1970. Keys are wrapped with a key that is not in this database.

CREATE TABLE organisation (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    created_wall BIGINT NOT NULL
);

CREATE TABLE home (
    id           BIGINT PRIMARY KEY NOT NULL,
    organisation TEXT NOT NULL REFERENCES organisation(id),
    label        TEXT NOT NULL,
    address      TEXT NOT NULL,
    entry        TEXT NOT NULL,
    created_wall BIGINT NOT NULL
);
CREATE INDEX home_organisation ON home(organisation);

CREATE TABLE bed (
    id           TEXT PRIMARY KEY,
    home         BIGINT NOT NULL REFERENCES home(id),
    label        TEXT NOT NULL,
    created_wall BIGINT NOT NULL
);
CREATE INDEX bed_home ON bed(home);

CREATE TABLE resident (
    id           TEXT PRIMARY KEY,
    home         BIGINT NOT NULL REFERENCES home(id),
    bed          TEXT REFERENCES bed(id),
    name         TEXT NOT NULL,
    call_as      TEXT NOT NULL,
    sex          TEXT NOT NULL,
    born         BIGINT,
    dialect      TEXT NOT NULL,
    phone        TEXT NOT NULL,
    alone        SMALLINT NOT NULL,
    talk         TEXT NOT NULL,
    health       TEXT NOT NULL,
    created_wall BIGINT NOT NULL,
    left_wall    BIGINT
);
CREATE INDEX resident_home ON resident(home);

CREATE TABLE contact (
    resident TEXT NOT NULL REFERENCES resident(id),
    place    SMALLINT NOT NULL,
    name     TEXT NOT NULL,
    relation TEXT NOT NULL,
    phone    TEXT NOT NULL,
    note     TEXT NOT NULL,
    PRIMARY KEY (resident, place)
);

CREATE TABLE gateway (
    id           BIGINT PRIMARY KEY NOT NULL,
    organisation TEXT NOT NULL REFERENCES organisation(id),
    label        TEXT NOT NULL,
    revoked      SMALLINT NOT NULL,
    created_wall BIGINT NOT NULL
);

CREATE TABLE device (
    id            BIGINT PRIMARY KEY NOT NULL,
    role          SMALLINT NOT NULL,
    label         TEXT NOT NULL,
    home          BIGINT REFERENCES home(id),
    gateway       BIGINT REFERENCES gateway(id),
    epoch         BIGINT NOT NULL,
    wrapped       BLOB NOT NULL,
    revoked       SMALLINT NOT NULL,
    enrolled_wall BIGINT NOT NULL,
    released_wall BIGINT
);
CREATE INDEX device_home ON device(home);
CREATE INDEX device_gateway ON device(gateway);
