-- +goose Up
CREATE TABLE shelves (id integer PRIMARY KEY, room text NOT NULL);

-- +goose Down
DROP TABLE shelves;
