-- +goose Up
INSERT INTO customers (id, name, email, created_at) VALUES
    (1, 'Ana Sousa',  'ana@example.com',  '2022-11-03 09:12:00+00'),
    (2, 'Ben Carter', 'BEN@example.com',  '2022-11-04 17:40:00+00'),
    (3, 'Chloe Weir', 'chloe@example.com', '2022-12-19 21:05:00+00');

INSERT INTO customer_addresses (customer_id, street, postcode, city, country) VALUES
    (1, 'Rua das Flores 12', '4050-262', 'Porto', 'PT'),
    (2, '7 Mill Lane', 'CB2 1RX', 'Cambridge', 'GB');

INSERT INTO products (id, sku, name, description, price_cents) VALUES
    (1, 'TEA-001', 'Green tea', 'Loose leaves, 100 g', 690),
    (2, 'TEA-002', 'Black tea', 'Loose leaves, 250 g', 990),
    (3, 'CUP-001', 'Tea cup', 'Stoneware, holds 0.3 l', 1450);

INSERT INTO orders (id, customer_id, status, placed_at) VALUES
    (1, 1, 'shipped', '2022-11-03 09:20:00+00'),
    (2, 2, 'placed', '2022-12-01 12:00:00+00'),
    (3, 3, 'draft', NULL);

INSERT INTO order_items (order_id, line_no, product_id, quantity, price_cents) VALUES
    (1, 1, 1, 2, 650),
    (1, 2, 3, 1, 1450),
    (2, 1, 2, 3, 990);

-- The rows above brought their own numbers, so the counters move past them.
SELECT setval(pg_get_serial_sequence('customers', 'id'), 3);
SELECT setval(pg_get_serial_sequence('products', 'id'), 3);
SELECT setval(pg_get_serial_sequence('orders', 'id'), 3);

-- +goose Down
DELETE FROM orders WHERE id IN (1, 2, 3);
DELETE FROM products WHERE id IN (1, 2, 3);
DELETE FROM customers WHERE id IN (1, 2, 3);
