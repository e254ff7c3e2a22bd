# --- !Downs

DROP INDEX trees_of_orchard;

# --- !Ups

CREATE INDEX CONCURRENTLY trees_of_orchard ON trees (orchard_id);
INSERT INTO orchards (name) VALUES ('Hill;; south side');

# --- !Ups

CREATE TABLE harvests (
    tree_id bigint NOT NULL REFERENCES trees (id),
    year    int NOT NULL,
    kg      numeric NOT NULL,
    PRIMARY KEY (tree_id, year)
);

# --- !Downs

DROP TABLE harvests;
DELETE FROM orchards WHERE name = 'Hill;; south side'
