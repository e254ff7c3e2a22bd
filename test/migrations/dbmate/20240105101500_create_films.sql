-- migrate:up
CREATE TABLE films (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    minutes integer NOT NULL
);

-- migrate:down
DROP TABLE films;
