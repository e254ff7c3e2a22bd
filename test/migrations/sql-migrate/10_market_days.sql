-- +migrate Up
CREATE TABLE market_days (
    day date PRIMARY KEY,
    opened_by text REFERENCES traders (name)
);

-- +migrate Down
DROP TABLE market_days;
