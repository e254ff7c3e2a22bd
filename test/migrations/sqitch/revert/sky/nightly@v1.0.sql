-- Revert observatory:sky/nightly from pg

BEGIN;

DROP VIEW sky.nightly;

COMMIT;
