-- Home boxes that have been heard: one that never was waits for its fitter and is silent to nobody. A box that has said
-- something of itself, or through which a device was heard, has been.

CREATE TABLE box_heard (
    gateway    BIGINT NOT NULL PRIMARY KEY,
    since_wall BIGINT NOT NULL
);
INSERT INTO box_heard (gateway, since_wall)
    SELECT id, 0 FROM gateway WHERE id IN (SELECT device FROM seen)
        OR id IN (SELECT d.gateway FROM device d JOIN seen s ON s.device = d.id)
        OR id IN (SELECT gateway FROM gateway_silent);
