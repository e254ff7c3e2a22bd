-- Verify observatory:sky/nightly on pg

BEGIN;

SELECT night, objects, brightest FROM sky.nightly WHERE FALSE;

ROLLBACK;
