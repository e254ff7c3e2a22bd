-- Bells
-- depends: 20240204_01_q3Xpb-create-towers

CREATE TABLE bells (
    tower_id int NOT NULL REFERENCES towers,
    name     text NOT NULL,
    weight   numeric NOT NULL CHECK (weight > 0)
);
ALTER TABLE towers ADD height numeric;
