-- +goose Up
ALTER TABLE customer_addresses RENAME TO addresses;
ALTER SEQUENCE customer_addresses_id_seq RENAME TO addresses_id_seq;
ALTER INDEX customer_addresses_pkey RENAME TO addresses_pkey;
ALTER INDEX customer_addresses_customer_id_idx RENAME TO addresses_customer_id_idx;
ALTER TABLE addresses RENAME CONSTRAINT customer_addresses_customer_id_fkey TO addresses_customer_id_fkey;

-- +goose Down
ALTER TABLE addresses RENAME CONSTRAINT addresses_customer_id_fkey TO customer_addresses_customer_id_fkey;
ALTER INDEX addresses_customer_id_idx RENAME TO customer_addresses_customer_id_idx;
ALTER INDEX addresses_pkey RENAME TO customer_addresses_pkey;
ALTER SEQUENCE addresses_id_seq RENAME TO customer_addresses_id_seq;
ALTER TABLE addresses RENAME TO customer_addresses;
