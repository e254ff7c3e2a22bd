-- +goose Up
ALTER TYPE invoice_state RENAME VALUE 'void' TO 'cancelled';

-- +goose Down
ALTER TYPE invoice_state RENAME VALUE 'cancelled' TO 'void';
