-- A comment may stand here, a statement may not.
SET lock_timeout = '2s';

-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE boxes;
