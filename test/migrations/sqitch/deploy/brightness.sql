-- Deploy observatory:brightness to pg
-- requires: sky/sightings
-- conflicts: old_catalogue

BEGIN;

ALTER TABLE sky.sightings ADD COLUMN magnitude numeric(4, 2);

COMMIT;
