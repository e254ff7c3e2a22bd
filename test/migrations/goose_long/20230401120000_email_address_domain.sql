-- From here on the files are numbered by the time they were written.

-- +goose Up
CREATE DOMAIN email_address AS text
    CONSTRAINT email_address_has_an_at CHECK (VALUE ~ '^[^@[:space:]]+@[^@[:space:]]+$');

UPDATE customers SET email = lower(email) WHERE email <> lower(email);

ALTER TABLE customers ALTER COLUMN email TYPE email_address;

-- +goose Down
ALTER TABLE customers ALTER COLUMN email TYPE text;
DROP DOMAIN email_address;
