CREATE INDEX kites_by_colour ON kites (colour);
