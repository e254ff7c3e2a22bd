-- +goose Up
-- A product has one price at a time. The constraint needs no extension: the product's number
-- goes in as a range of length one, which the index type gist can compare.
CREATE TABLE price_history (
    product_id  bigint NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    valid       daterange NOT NULL,
    price_cents integer NOT NULL,
    CONSTRAINT price_history_no_overlap
        EXCLUDE USING gist (int8range(product_id, product_id, '[]') WITH &&, valid WITH &&)
);

INSERT INTO price_history (product_id, valid, price_cents)
SELECT id, daterange('2024-06-10', NULL), price_cents
FROM products
ORDER BY id;

-- +goose Down
DROP TABLE price_history;
