-- Connect proofs of gateways that have been used: each counts once, for ever, also after a restart.

CREATE TABLE connect_proof (
    gateway BIGINT PRIMARY KEY,
    used    BLOB NOT NULL
);
