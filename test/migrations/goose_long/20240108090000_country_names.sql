-- +goose Up
ALTER TABLE customer_addresses ADD COLUMN country_name text;

UPDATE customer_addresses
SET country_name = CASE country
        WHEN 'PT' THEN 'Portugal'
        WHEN 'GB' THEN 'United Kingdom'
        ELSE 'unknown'
    END;

ALTER TABLE customer_addresses ALTER COLUMN country_name SET NOT NULL;

-- +goose Down
ALTER TABLE customer_addresses DROP COLUMN country_name;
