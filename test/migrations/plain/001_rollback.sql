-- Undoes 001_initial_schema
DROP TABLE IF EXISTS rentals;
DROP TABLE IF EXISTS riders;
DROP TABLE IF EXISTS bicycles;
