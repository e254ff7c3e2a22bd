-- +goose NO TRANSACTION
-- The warehouse writes to this table all day, so the indexes are built without blocking it.

-- +goose Up
CREATE INDEX CONCURRENTLY stock_movements_product_id_idx ON stock_movements (product_id, moved_on);
CREATE UNIQUE INDEX CONCURRENTLY stock_movements_reference_key ON stock_movements (reference);

-- +goose Down
DROP INDEX stock_movements_reference_key;
DROP INDEX stock_movements_product_id_idx;
