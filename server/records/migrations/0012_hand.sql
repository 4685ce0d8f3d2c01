-- What a hand must have seen before it ends or hides an alert, and who is told that it was taken from them.

-- The change by which the home's last signal joined it. What is open now has been shown as it is.
ALTER TABLE alert ADD COLUMN spoke BIGINT NOT NULL DEFAULT 0;
UPDATE alert SET spoke = cursor;

-- Whom it was taken from, or over whose head it was ended, and by whom, until it changes hands again.
ALTER TABLE work ADD COLUMN taken_from TEXT;
ALTER TABLE work ADD COLUMN taken_by TEXT;

-- Of a line that tells of a signal: the change by which it joined, what it was, of which device, and when.
ALTER TABLE timeline ADD COLUMN cursor BIGINT;
ALTER TABLE timeline ADD COLUMN kind SMALLINT;
ALTER TABLE timeline ADD COLUMN device BIGINT;
ALTER TABLE timeline ADD COLUMN at_wall BIGINT;
ALTER TABLE timeline ADD COLUMN late SMALLINT;
ALTER TABLE timeline ADD COLUMN trust SMALLINT;
