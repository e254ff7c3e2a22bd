-- Revert observatory:sky/nightly from pg

BEGIN;

DROP VIEW sky.nightly;

CREATE OR REPLACE VIEW sky.nightly AS
    SELECT seen_at::date AS night, count(*) AS objects
        FROM sky.sightings GROUP BY seen_at::date;

COMMIT;
