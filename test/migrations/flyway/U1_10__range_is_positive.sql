ALTER TABLE lighthouses DROP CONSTRAINT range_is_positive;
