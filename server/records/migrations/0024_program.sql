-- Tokens of programs. A program is a member of staff without a log-in (role 'program'), so that whatever it does has
-- its name wherever a person's would stand. Of the secret only its SHA-256 is here. It ends at whichever comes first:
-- until_mono on the server's logical clock (ms), until_wall on the wall clock that is believed.

CREATE TABLE program_token (
    id           TEXT PRIMARY KEY,
    staff        TEXT NOT NULL REFERENCES staff(id),
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL,
    scope        TEXT NOT NULL,
    made_by      TEXT NOT NULL,
    made_wall    BIGINT NOT NULL,
    until_mono   BIGINT NOT NULL,
    until_wall   BIGINT NOT NULL,
    used_wall    BIGINT,
    revoked_by   TEXT,
    revoked_wall BIGINT,
    revoked_mono BIGINT
);
CREATE INDEX program_token_staff ON program_token(staff);
