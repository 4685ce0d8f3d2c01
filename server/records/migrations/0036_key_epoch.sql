-- Under which keys a device was last heard, and from which on it is believed. No row: under those of its own row, and
-- from the ones before. A device whose keys changed before it could be told of it was last heard under its first.

CREATE TABLE key_epoch (
    device BIGINT NOT NULL PRIMARY KEY,
    heard  BIGINT NOT NULL,
    oldest BIGINT NOT NULL
);
INSERT INTO key_epoch (device, heard, oldest) SELECT id, 1, 1 FROM device WHERE epoch > 1;
