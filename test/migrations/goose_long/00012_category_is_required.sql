-- +goose Up
ALTER TABLE products ALTER COLUMN category_id SET NOT NULL;
CREATE INDEX products_category_id_idx ON products (category_id);

-- +goose Down
DROP INDEX products_category_id_idx;
ALTER TABLE products ALTER COLUMN category_id DROP NOT NULL;
