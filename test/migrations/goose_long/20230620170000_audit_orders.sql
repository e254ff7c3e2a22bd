-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION write_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO audit_log (table_name, action, old_row)
        VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(OLD));
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO audit_log (table_name, action, old_row, new_row)
        VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    ELSE
        INSERT INTO audit_log (table_name, action, new_row)
        VALUES (TG_TABLE_NAME, TG_OP, to_jsonb(NEW));
    END IF;

    RETURN NULL;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER orders_audit AFTER INSERT OR UPDATE OR DELETE ON orders
    FOR EACH ROW EXECUTE FUNCTION write_audit_log();

-- +goose Down
DROP TRIGGER orders_audit ON orders;
DROP FUNCTION write_audit_log();
