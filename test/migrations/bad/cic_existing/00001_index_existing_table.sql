-- +goose NO TRANSACTION

-- +goose Up
CREATE INDEX CONCURRENTLY existing_table_id_idx ON existing_table (id);

-- +goose Down
DROP INDEX CONCURRENTLY existing_table_id_idx;
