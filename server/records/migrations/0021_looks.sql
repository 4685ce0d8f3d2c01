-- Looks as they were: what was looked at, why, and whether what is guarded (door code, health, telephones) was shown.
-- why: claim = with the alert in hand, screen = the card stood on a screen, glass = with a reason, which is in detail.

ALTER TABLE access ADD COLUMN what TEXT NOT NULL DEFAULT '';
ALTER TABLE access ADD COLUMN detail TEXT NOT NULL DEFAULT '';
ALTER TABLE access ADD COLUMN shown SMALLINT NOT NULL DEFAULT 0;
UPDATE access SET what = CASE why WHEN 'alert' THEN 'card' WHEN 'rehearse' THEN 'rehearsal' ELSE why END, why = '';

-- What is guarded was opened without an alert in hand: by whom, why, until when; and which supervisor has seen that.
CREATE TABLE glass (
    id         TEXT PRIMARY KEY,
    staff      TEXT NOT NULL REFERENCES staff(id),
    home       BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    wall       BIGINT NOT NULL,
    until_mono BIGINT NOT NULL,
    seen_by    TEXT,
    seen_wall  BIGINT
);
CREATE INDEX glass_staff ON glass(staff, home);
CREATE INDEX glass_unseen ON glass(wall) WHERE seen_wall IS NULL;

-- What is listed over all homes.
CREATE INDEX alert_raised ON alert(raised_wall) WHERE state = 3;
