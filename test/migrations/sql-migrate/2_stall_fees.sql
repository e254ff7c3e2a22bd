-- +migrate Up
ALTER TABLE stalls ADD COLUMN fee numeric(8, 2) NOT NULL DEFAULT 0;
-- +migrate StatementBegin
CREATE FUNCTION fee_of(stall integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    result numeric;
BEGIN
    SELECT fee INTO result FROM stalls WHERE id = stall;
    RETURN coalesce(result, 0);
END;
$$;
-- +migrate StatementEnd

-- +migrate Down
DROP FUNCTION fee_of(integer);
ALTER TABLE stalls DROP COLUMN fee;
