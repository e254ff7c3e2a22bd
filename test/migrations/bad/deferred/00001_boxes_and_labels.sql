-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);

CREATE TABLE labels (
    id     integer PRIMARY KEY,
    box_id integer NOT NULL REFERENCES boxes (id) DEFERRABLE INITIALLY DEFERRED
);

-- +goose Down
DROP TABLE labels;
DROP TABLE boxes;
