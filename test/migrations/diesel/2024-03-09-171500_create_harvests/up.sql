CREATE TABLE harvests (
    hive_id INTEGER NOT NULL REFERENCES hives (id),
    harvested_on DATE NOT NULL,
    kilos NUMERIC(5, 2) NOT NULL,
    PRIMARY KEY (hive_id, harvested_on)
);
