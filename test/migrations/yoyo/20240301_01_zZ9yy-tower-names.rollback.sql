ALTER TABLE towers DROP name
