-- Which bed a device belongs to: a mat measures who lies in it. One that is moved or released leaves it.
CREATE TABLE device_bed (
    device BIGINT PRIMARY KEY NOT NULL REFERENCES device(id),
    bed    TEXT NOT NULL REFERENCES bed(id)
);
