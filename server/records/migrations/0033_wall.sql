-- What is thought of the clock on the wall, and up to when what is old was rolled up. Offsets are wall minus the
-- server's clock, ms; edge is wall time, edge_at and since are the server's clock.

CREATE TABLE wall_clock (
    one      SMALLINT PRIMARY KEY,
    proved   BIGINT,
    believed BIGINT NOT NULL,
    seen     BIGINT NOT NULL,
    since    BIGINT NOT NULL,
    edge     BIGINT,
    edge_at  BIGINT NOT NULL
);
