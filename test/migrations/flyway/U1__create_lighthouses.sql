DROP VIEW IF EXISTS lighthouse_names;
DROP TABLE lighthouses;
