-- +goose Up
UPDATE products
SET category_id = (SELECT id FROM categories WHERE name = 'Tea')
WHERE sku LIKE 'TEA-%';

UPDATE products
SET category_id = (SELECT id FROM categories WHERE name = 'Tableware')
WHERE category_id IS NULL;

-- +goose Down
UPDATE products SET category_id = NULL;
