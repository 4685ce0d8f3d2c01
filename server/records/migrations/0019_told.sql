-- What the last step of an alert's ladder has come to: 0 none was taken, 1 it had nobody to tell, 2 sent and not
-- confirmed, 3 confirmed by whoever it was for, 4 given up. What older builds had not noted is 0.

ALTER TABLE alert ADD COLUMN told SMALLINT NOT NULL DEFAULT 0;
