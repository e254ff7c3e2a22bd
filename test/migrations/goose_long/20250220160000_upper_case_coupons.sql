-- +goose Up
UPDATE coupons SET code = upper(code) WHERE code <> upper(code);

-- +goose Down
