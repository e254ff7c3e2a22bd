DROP TABLE kites;
