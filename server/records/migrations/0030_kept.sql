-- What was forgotten because its time was over: a line a class and day, kept for as long as the longest class.
CREATE TABLE forgotten (
    id    TEXT PRIMARY KEY,
    class TEXT NOT NULL,
    wall  BIGINT NOT NULL,
    edge  BIGINT NOT NULL,
    lines BIGINT NOT NULL
);
CREATE INDEX forgotten_wall ON forgotten(wall);
CREATE INDEX alert_ended ON alert(closed_wall) WHERE state = 3;
CREATE INDEX access_wall ON access(wall);
CREATE INDEX edit_wall ON edit(wall);
