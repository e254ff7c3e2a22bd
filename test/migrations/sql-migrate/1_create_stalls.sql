-- +migrate Up
-- What stands in the market, and where.
CREATE TABLE stalls (
    id integer PRIMARY KEY,
    row_letter char(1) NOT NULL,
    goods text NOT NULL
);

-- +migrate Down
DROP INDEX stalls_row_letter_idx;

-- +migrate Up notransaction
CREATE INDEX CONCURRENTLY stalls_row_letter_idx ON stalls (row_letter);

-- +migrate Down
DROP TABLE stalls;
