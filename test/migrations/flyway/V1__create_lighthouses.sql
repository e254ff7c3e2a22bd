CREATE TABLE lighthouses (
    id integer PRIMARY KEY,
    name text NOT NULL
);
