-- Brackets, dashes and spaces leave the phone numbers. How they were written before is not kept,
-- so there is no way down and this file has no section for it.

-- +goose Up
UPDATE customers
SET phone = regexp_replace(phone, '[^0-9+]', '', 'g')
WHERE phone ~ '[^0-9+]';
