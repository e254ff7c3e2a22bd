ALTER TABLE lighthouses DROP COLUMN range_miles;
