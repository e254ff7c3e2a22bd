-- Verify observatory:sky/nightly on pg

BEGIN;

SELECT night, objects FROM sky.nightly WHERE FALSE;

ROLLBACK;
