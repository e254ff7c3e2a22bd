ALTER TABLE lighthouses ADD CONSTRAINT range_is_positive CHECK (range_miles > 0);
