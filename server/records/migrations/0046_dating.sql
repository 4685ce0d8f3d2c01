-- What dates presses after a restart: the clock of a boot with its window, and the uptime that a press told, ms.
ALTER TABLE seen ADD COLUMN clock BLOB;
ALTER TABLE activation ADD COLUMN uptime BIGINT;
