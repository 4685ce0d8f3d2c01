-- When each receiver of notices last confirmed one, and at which address: a proof of another address proves nothing.
-- mono is the server's clock, ms. address is a SHA-256 of the configured one.

CREATE TABLE receiver_proof (
    channel TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    mono    BIGINT NOT NULL,
    wall    BIGINT NOT NULL
);
