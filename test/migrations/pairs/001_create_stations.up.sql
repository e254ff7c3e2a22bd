CREATE TABLE stations (
    id        integer PRIMARY KEY,
    name      text NOT NULL UNIQUE,
    height_m  integer
);
