-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);
\connect other
CREATE TABLE labels (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE labels;
DROP TABLE boxes;
