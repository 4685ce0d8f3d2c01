-- Counters that transactions take turns at: 1 numbers changes of the queue, 2 whatever changes who belongs where.
-- A change tells what it is of: topic 0 is an alert. Its number is taken from row 1, in the order of the commits.

CREATE TABLE head (
    one SMALLINT PRIMARY KEY,
    n   BIGINT NOT NULL
);
INSERT INTO head (one, n) SELECT 1, COALESCE(MAX(cursor), 0) FROM change;
INSERT INTO head (one, n) VALUES (2, 0);
ALTER TABLE change RENAME COLUMN alert TO id;
ALTER TABLE change ADD COLUMN topic SMALLINT NOT NULL DEFAULT 0;
