-- Homes of which something could not be read when it was their turn to have it written down whose their alerts are:
-- they are read again after a time of the server's clock.
CREATE TABLE owed_rest (
    home       BIGINT PRIMARY KEY NOT NULL,
    until_mono BIGINT NOT NULL
);
