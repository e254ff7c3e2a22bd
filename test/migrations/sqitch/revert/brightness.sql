-- Revert observatory:brightness from pg

BEGIN;

ALTER TABLE sky.sightings DROP COLUMN magnitude;

COMMIT;
