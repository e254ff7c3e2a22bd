-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);
CREATE INDEX boxes_id_idx ON boxes (id);
COMMIT;

-- +goose Down
DROP TABLE boxes;
