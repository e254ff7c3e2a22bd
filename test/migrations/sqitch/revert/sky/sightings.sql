-- Revert observatory:sky/sightings from pg

BEGIN;

DROP TABLE sky.sightings;
DROP SCHEMA sky;

COMMIT;
