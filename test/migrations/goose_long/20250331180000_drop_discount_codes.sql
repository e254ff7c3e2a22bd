-- +goose Up
-- Every code was copied into coupons a year ago (20240402093000), and nothing reads this table any more.
DROP TABLE IF EXISTS discount_codes;

-- +goose Down
-- irreversible: the old codes are gone. If they are needed after all, the backup of 2025-03-31 has them.
