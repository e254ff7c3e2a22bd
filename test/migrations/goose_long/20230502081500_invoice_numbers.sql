-- +goose Up
CREATE SEQUENCE invoice_number_seq START WITH 1001;

ALTER TABLE invoices
    ADD COLUMN number bigint NOT NULL DEFAULT nextval('invoice_number_seq');

ALTER TABLE invoices ADD CONSTRAINT invoices_number_key UNIQUE (number);
ALTER SEQUENCE invoice_number_seq OWNED BY invoices.number;

COMMENT ON COLUMN invoices.number IS 'What the customer sees. Gaps are possible; the tax office was asked.';

-- +goose Down
-- The sequence belongs to the column and goes with it.
ALTER TABLE invoices DROP COLUMN number;
