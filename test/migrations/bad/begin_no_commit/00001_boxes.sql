-- +goose Up
BEGIN;
CREATE TABLE boxes (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE boxes;
