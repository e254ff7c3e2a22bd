-- +goose Up
ALTER TABLE payments
    ADD CONSTRAINT payments_amount_check CHECK (amount_cents > 0) NOT VALID;

-- In two steps, so that the second one only needs a weak lock on a busy table.
ALTER TABLE payments VALIDATE CONSTRAINT payments_amount_check;

COMMENT ON CONSTRAINT payments_amount_check ON payments IS 'Refunds live in a table of their own (not built yet).';

-- +goose Down
ALTER TABLE payments DROP CONSTRAINT payments_amount_check;
