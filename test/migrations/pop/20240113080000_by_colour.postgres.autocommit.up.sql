CREATE INDEX CONCURRENTLY kites_by_colour ON kites (colour);
