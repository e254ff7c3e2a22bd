-- +goose Up
CREATE TABLE drinks (id integer PRIMARY KEY, name text);

INSERT INTO drinks VALUES (1, 'café');

-- +goose Down
DROP TABLE drinks;
