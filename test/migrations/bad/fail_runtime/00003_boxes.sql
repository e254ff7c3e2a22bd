-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE boxes;
