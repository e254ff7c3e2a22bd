-- +goose Up
CREATE TABLE drinks (id integer PRIMARY KEY, name text);

COMMENT ON TABLE drinks IS 'café fits into LATIN1, 中 does not';

-- +goose Down
DROP TABLE drinks;
