ALTER TABLE kites DROP area;
