ALTER TABLE brews ADD COLUMN strength numeric(3, 1);
