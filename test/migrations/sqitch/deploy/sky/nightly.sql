-- Deploy observatory:sky/nightly to pg
-- requires: sky/nightly@v1.0
-- requires: brightness

BEGIN;

CREATE OR REPLACE VIEW sky.nightly AS
    SELECT seen_at::date AS night, count(*) AS objects, min(magnitude) AS brightest
        FROM sky.sightings GROUP BY seen_at::date;

COMMIT;
