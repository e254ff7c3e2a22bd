-- migrate:up
CREATE TABLE frogs (
    pond integer NOT NULL REFERENCES ponds (id),
    seen_on date NOT NULL
);

-- migrate:down
DROP TABLE frogs;
