-- Verify observatory:brightness on pg

BEGIN;

SELECT magnitude FROM sky.sightings WHERE FALSE;

ROLLBACK;
