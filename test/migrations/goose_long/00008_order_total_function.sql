-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION order_total_cents(p_order_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    total bigint;
BEGIN
    SELECT sum(quantity * price_cents) INTO total
    FROM order_items
    WHERE order_id = p_order_id;

    RETURN coalesce(total, 0); -- an order without items costs nothing;
END;
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION order_total_cents(bigint);
