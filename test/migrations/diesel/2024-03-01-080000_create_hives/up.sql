-- Your SQL goes here
CREATE TABLE hives (
    id SERIAL PRIMARY KEY,
    place VARCHAR NOT NULL
);
