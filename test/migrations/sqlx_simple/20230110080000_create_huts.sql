-- Add migration script here
CREATE TABLE huts (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    beds integer NOT NULL
);
