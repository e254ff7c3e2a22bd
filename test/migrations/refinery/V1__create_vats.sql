CREATE TABLE vats (
    id integer PRIMARY KEY,
    litres integer NOT NULL
);
