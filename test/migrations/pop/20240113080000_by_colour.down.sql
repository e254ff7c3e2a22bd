DROP INDEX kites_by_colour;
