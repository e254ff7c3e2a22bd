Lengths are measured with a wheel.

-- rambler up

ALTER TABLE trails ADD COLUMN metres integer;

-- rambler down

ALTER TABLE trails DROP COLUMN metres;
