# Orchards and their trees

# --- !Ups

CREATE TABLE orchards (
    id   bigserial PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE trees (
    id         bigserial PRIMARY KEY,
    orchard_id bigint NOT NULL REFERENCES orchards (id),
    planted    date NOT NULL,
    pruned     date
);

# --- !Downs

DROP TABLE trees;
DROP TABLE orchards;
