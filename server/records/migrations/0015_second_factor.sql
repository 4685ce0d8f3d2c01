-- Second factor of people who run the place. The secret is sealed under a key that is not in the database;
-- a step of time that was used once is not used again.
CREATE TABLE second_factor (
    staff     TEXT PRIMARY KEY REFERENCES staff(id),
    sealed    TEXT NOT NULL,
    active    SMALLINT NOT NULL DEFAULT 0,
    last_step BIGINT NOT NULL DEFAULT 0
);
