-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);
ROLLBACK;
CREATE TABLE labels (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE labels;
