-- +goose Up
CREATE TABLE coupons (
    code     text PRIMARY KEY,
    percent  smallint NOT NULL CHECK (percent BETWEEN 1 AND 100),
    valid    daterange NOT NULL DEFAULT daterange(NULL, NULL),
    imported boolean NOT NULL DEFAULT false
);

ALTER TABLE orders ADD COLUMN coupon_code text REFERENCES coupons (code);

-- +goose Down
ALTER TABLE orders DROP COLUMN coupon_code;
DROP TABLE coupons;
