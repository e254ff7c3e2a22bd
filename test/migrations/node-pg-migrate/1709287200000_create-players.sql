-- Up Migration
CREATE TABLE players (
    id bigserial PRIMARY KEY,
    name text NOT NULL
);

-- Down Migration
DROP TABLE players;
