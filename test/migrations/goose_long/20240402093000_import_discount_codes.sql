-- +goose Up
INSERT INTO coupons (code, percent, valid, imported)
SELECT code, percent, daterange('2022-01-01', '2025-01-01'), true
FROM discount_codes
ORDER BY code;

-- +goose Down
DELETE FROM coupons WHERE imported;
