-- Verify observatory:telescopes on pg

BEGIN;

SELECT id, mirror_mm FROM telescopes WHERE FALSE;

ROLLBACK;
