ALTER TABLE hives ADD COLUMN queen_since DATE
