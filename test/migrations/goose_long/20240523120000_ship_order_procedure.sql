-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION unpaid_cents(p_order_id bigint) RETURNS bigint
STABLE
BEGIN ATOMIC
    SELECT i.total_cents - coalesce(sum(p.amount_cents), 0)
    FROM invoices AS i
    LEFT JOIN payments AS p ON p.invoice_id = i.id
    WHERE i.order_id = p_order_id
    GROUP BY i.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE PROCEDURE ship_order(p_order_id bigint) LANGUAGE plpgsql AS $ship$
DECLARE
    missing bigint := unpaid_cents(p_order_id);
BEGIN
    IF missing > 0 THEN
        RAISE EXCEPTION 'order % is not paid; % cents are missing', p_order_id, missing;
    END IF;

    EXECUTE format($q$UPDATE orders SET status = %L WHERE id = $1;$q$, 'shipped')
    USING p_order_id;
END;
$ship$;
-- +goose StatementEnd

-- +goose Down
DROP PROCEDURE ship_order(bigint);
DROP FUNCTION unpaid_cents(bigint);
