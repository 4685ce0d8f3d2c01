-- The life of these records, told to every gateway: another life means that they were restored from a copy.
-- restored_mono is the server's clock at the first start after that; both are null where nothing was restored.

CREATE TABLE records_line (
    one           SMALLINT PRIMARY KEY,
    line          BIGINT NOT NULL,
    restored_wall BIGINT,
    restored_mono BIGINT
);

-- How far the rows know what a gateway has sent: all that its spool had marked as acknowledged before `through`,
-- a time of that spool. Lanes are 0 for emergencies and 1 for telemetry; line is the life in which it was said.
CREATE TABLE reach (
    gateway BIGINT NOT NULL,
    lane    SMALLINT NOT NULL,
    line    BIGINT NOT NULL,
    spool   BIGINT NOT NULL,
    through BIGINT NOT NULL,
    PRIMARY KEY (gateway, lane)
);
