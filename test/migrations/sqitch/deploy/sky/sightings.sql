-- Deploy observatory:sky/sightings to pg
-- requires: telescopes

BEGIN;

CREATE SCHEMA sky;
CREATE TABLE sky.sightings (
    telescope integer NOT NULL REFERENCES telescopes (id),
    seen_at timestamptz NOT NULL,
    object text NOT NULL
);

COMMIT;
