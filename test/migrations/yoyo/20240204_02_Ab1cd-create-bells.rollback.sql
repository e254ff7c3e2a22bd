ALTER TABLE towers DROP height;
DROP TABLE bells;
