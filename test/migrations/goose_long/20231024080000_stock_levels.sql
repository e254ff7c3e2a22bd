-- +goose Up
CREATE MATERIALIZED VIEW stock_levels AS
SELECT product_id, sum(quantity) AS in_stock, max(moved_on) AS last_moved_on
FROM stock_movements
GROUP BY product_id
WITH NO DATA;

CREATE UNIQUE INDEX stock_levels_product_id_key ON stock_levels (product_id);

REFRESH MATERIALIZED VIEW stock_levels;

-- +goose Down
DROP MATERIALIZED VIEW stock_levels;
