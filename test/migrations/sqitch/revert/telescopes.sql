-- Revert observatory:telescopes from pg

BEGIN;

DROP TABLE telescopes;

COMMIT;
