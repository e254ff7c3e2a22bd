-- +goose ENVSUB ON

-- +goose Up
CREATE TABLE boxes (id integer PRIMARY KEY);
COMMENT ON TABLE boxes IS 'Kept by ${BOX_KEEPER}';

-- +goose Down
DROP TABLE boxes;
