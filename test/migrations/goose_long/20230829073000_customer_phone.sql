-- +goose Up
ALTER TABLE customers ADD COLUMN phone text;

UPDATE customers SET phone = '+351 22 123 45 67' WHERE id = 1;
UPDATE customers SET phone = '(01223) 555-0142' WHERE id = 2;

-- +goose Down
ALTER TABLE customers DROP COLUMN phone;
