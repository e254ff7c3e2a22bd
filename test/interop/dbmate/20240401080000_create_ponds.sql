-- migrate:up
CREATE TABLE ponds (
    id integer PRIMARY KEY,
    name text NOT NULL
);

-- migrate:down
DROP TABLE ponds;
