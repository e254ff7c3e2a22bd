-- Add up migration script here
CREATE TABLE routes (
    id bigserial PRIMARY KEY,
    crag_id bigint NOT NULL REFERENCES crags (id),
    name text NOT NULL,
    grade text NOT NULL
);
