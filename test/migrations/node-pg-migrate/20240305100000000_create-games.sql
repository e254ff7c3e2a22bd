-- Up Migration
CREATE TABLE games (
    white bigint NOT NULL REFERENCES players (id),
    black bigint NOT NULL REFERENCES players (id),
    played_on date NOT NULL,
    CHECK (white <> black)
);

-- Down Migration
DROP TABLE games;
