-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);
SAVEPOINT before_labels;
CREATE TABLE labels (id integer PRIMARY KEY);
RELEASE SAVEPOINT before_labels;

-- +goose Down
DROP TABLE labels;
DROP TABLE boxes;
