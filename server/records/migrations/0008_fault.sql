-- Faults that stand: what the watch room, a home box or an identity suffers, and which alert says so.
-- Numbers are those of care: cause is a Seen. Zero stands for "not of one home, box, device".

CREATE TABLE fault (
    cause   SMALLINT NOT NULL,
    home    BIGINT NOT NULL,
    gateway BIGINT NOT NULL,
    device  BIGINT NOT NULL,
    alert   TEXT NOT NULL,
    PRIMARY KEY (cause, home, gateway, device)
);
