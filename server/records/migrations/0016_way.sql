-- Homes that have had a way to the server since they were furnished: one that loses it is unprotected, one
-- that waits for its fitter is not. A home whose devices were heard lately has had one.

CREATE TABLE home_way (
    home       BIGINT NOT NULL PRIMARY KEY,
    since_wall BIGINT NOT NULL
);
INSERT INTO home_way (home, since_wall)
    SELECT DISTINCT home, 0 FROM device WHERE home IS NOT NULL AND id IN (SELECT device FROM seen);
