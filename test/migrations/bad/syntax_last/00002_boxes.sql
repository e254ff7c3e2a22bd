-- +goose Up
CREATE TABLE boxes (
    id       integer PRIMARY KEY,
    shelf_id integer REFERENCES shelves (id)
);

-- +goose Down
DROP TABLE boxes;
