-- +goose Up
-- The first idea of a discount. Coupons replaced it in 2024 (see 20240402091500).
CREATE TABLE discount_codes (
    code    text PRIMARY KEY,
    percent integer NOT NULL
);

INSERT INTO discount_codes (code, percent) VALUES
    ('welcome', 10),
    ('spring-sale; first week', 15),
    ('it''s-my-birthday', 20);

-- +goose Down
-- The table may be gone already: the last migration drops it.
DROP TABLE IF EXISTS discount_codes;
