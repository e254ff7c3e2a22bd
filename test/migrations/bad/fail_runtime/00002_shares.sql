-- +goose Up
CREATE TABLE shares (id integer PRIMARY KEY, percent numeric NOT NULL);

INSERT INTO shares (id, percent)
SELECT n, 100 / (n - 2)
FROM generate_series(1, 3) AS n;

CREATE INDEX shares_percent_idx ON shares (percent);

-- +goose Down
DROP TABLE shares;
