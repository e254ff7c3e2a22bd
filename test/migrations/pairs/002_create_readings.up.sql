BEGIN;

CREATE TABLE readings (
    station_id integer NOT NULL REFERENCES stations (id),
    taken_at   timestamptz NOT NULL,
    celsius    numeric(4, 1) NOT NULL,
    PRIMARY KEY (station_id, taken_at)
);

CREATE INDEX readings_taken_at_idx ON readings (taken_at);

COMMIT;
