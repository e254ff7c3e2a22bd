-- Add up migration script here
CREATE TABLE bookings (
    hut_id bigint NOT NULL REFERENCES huts (id),
    night date NOT NULL,
    guests integer NOT NULL
);
