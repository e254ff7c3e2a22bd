-- +goose Down
DROP TABLE boxes;

-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);
