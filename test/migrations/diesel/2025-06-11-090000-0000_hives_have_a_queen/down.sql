ALTER TABLE hives DROP COLUMN queen_since
