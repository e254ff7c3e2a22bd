ALTER TABLE kites ADD area numeric;
COMMENT ON COLUMN kites.area IS 'square metres';
