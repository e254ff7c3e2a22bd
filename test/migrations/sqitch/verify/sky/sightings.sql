-- Verify observatory:sky/sightings on pg

BEGIN;

SELECT telescope, seen_at, object FROM sky.sightings WHERE FALSE;

ROLLBACK;
