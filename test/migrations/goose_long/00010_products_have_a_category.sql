-- +goose Up
ALTER TABLE products ADD COLUMN category_id bigint REFERENCES categories (id);

-- +goose Down
ALTER TABLE products DROP COLUMN category_id;
