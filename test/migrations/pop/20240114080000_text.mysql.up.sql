CREATE FULLTEXT INDEX x ON kites (colour);
