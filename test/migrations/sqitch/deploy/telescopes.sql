-- Deploy observatory:telescopes to pg

BEGIN;

SET client_min_messages = 'warning';

CREATE TABLE telescopes (
    id integer PRIMARY KEY,
    mirror_mm integer NOT NULL
);

COMMIT;
