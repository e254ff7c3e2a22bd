-- rambler up

CREATE TABLE signposts (
    id serial PRIMARY KEY,
    trail_id integer NOT NULL REFERENCES trails (id),
    text text NOT NULL
);

-- rambler down

DROP TABLE signposts;

-- rambler up

CREATE INDEX signposts_trail_id_idx ON signposts (trail_id);
INSERT INTO trails (name) VALUES ('Ridge path'), ('Mill path');

-- rambler down

DELETE FROM trails;
DROP INDEX signposts_trail_id_idx;
