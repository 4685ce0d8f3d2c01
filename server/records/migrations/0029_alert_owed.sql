-- Alerts of homes of which it is not yet written down whose they are; before anything of a home is edited none is left.
CREATE TABLE alert_owed (
    alert TEXT PRIMARY KEY,
    home  BIGINT NOT NULL
);
