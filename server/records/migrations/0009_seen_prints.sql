-- The latest frames of a boot with a piece of their tags: a used number is a copy only with the same bytes.
-- Frames that are forgotten were handed over by `mark`. Empty in rows that an older build wrote.

ALTER TABLE seen ADD COLUMN prints BLOB;
ALTER TABLE seen ADD COLUMN mark BIGINT;
