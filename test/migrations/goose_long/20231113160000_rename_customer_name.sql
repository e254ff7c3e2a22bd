-- +goose Up
-- The view customer_overview follows by itself and keeps its own column name.
ALTER TABLE customers RENAME COLUMN name TO full_name;

-- +goose Down
ALTER TABLE customers RENAME COLUMN full_name TO name;
