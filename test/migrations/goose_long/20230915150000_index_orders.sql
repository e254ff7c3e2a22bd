-- +goose Up
CREATE INDEX orders_customer_id_idx ON orders (customer_id) INCLUDE (status);
CREATE INDEX orders_waiting_idx ON orders (placed_at) WHERE status = 'placed';
CREATE INDEX order_items_product_id_idx ON order_items (product_id);

-- +goose Down
DROP INDEX order_items_product_id_idx;
DROP INDEX orders_waiting_idx;
DROP INDEX orders_customer_id_idx;
