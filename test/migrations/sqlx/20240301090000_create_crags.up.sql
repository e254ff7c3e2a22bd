-- Add up migration script here
CREATE TABLE crags (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE
);
