-- +goose Up
ALTER TABLE customers ADD COLUMN revision integer NOT NULL DEFAULT 1;
ALTER TABLE products ADD COLUMN revision integer NOT NULL DEFAULT 1;

-- +goose StatementBegin
CREATE FUNCTION count_revision() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.revision := OLD.revision + 1;
    END IF;
    RETURN NEW;
END;
$body$;
-- +goose StatementEnd

CREATE TRIGGER customers_count_revision BEFORE UPDATE ON customers
    FOR EACH ROW EXECUTE FUNCTION count_revision();

CREATE TRIGGER products_count_revision BEFORE UPDATE ON products
    FOR EACH ROW EXECUTE FUNCTION count_revision();

-- +goose Down
DROP TRIGGER products_count_revision ON products;
DROP TRIGGER customers_count_revision ON customers;
DROP FUNCTION count_revision();
ALTER TABLE products DROP COLUMN revision;
ALTER TABLE customers DROP COLUMN revision;
