-- Images that the firm has signed, which device is to get which, and who has ordered it.
-- A release is the first eight bytes of an image's SHA-256 in hex. Times are the wall clock in ms since 1970;
-- stages and refusals are numbers of the wire. Private keys are never here.

CREATE TABLE image (
    release    TEXT PRIMARY KEY,
    manifest   BLOB NOT NULL,
    bytes      BLOB NOT NULL,
    added_wall BIGINT NOT NULL,
    added_by   TEXT NOT NULL
);

-- The one image that a device is to run, and how far it has come; stage is empty until it has answered.
CREATE TABLE device_image (
    device       BIGINT PRIMARY KEY NOT NULL,
    release      TEXT NOT NULL REFERENCES image(release),
    offered_wall BIGINT NOT NULL,
    stage        SMALLINT,
    refusal      SMALLINT,
    told_wall    BIGINT
);
CREATE INDEX device_image_release ON device_image(release);

-- Which board a device is and what it runs, as far as it has said.
CREATE TABLE device_board (
    device   BIGINT PRIMARY KEY NOT NULL,
    model    BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    running  BIGINT NOT NULL
);

-- What people have done with images.
CREATE TABLE image_deed (
    id      TEXT PRIMARY KEY,
    wall    BIGINT NOT NULL,
    staff   TEXT NOT NULL,
    deed    TEXT NOT NULL,
    release TEXT NOT NULL,
    devices BIGINT NOT NULL
);
CREATE INDEX image_deed_wall ON image_deed(wall);
