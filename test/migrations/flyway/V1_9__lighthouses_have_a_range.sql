ALTER TABLE lighthouses ADD COLUMN range_miles integer;
