-- liquibase formatted sql

-- changeset bo:1 splitStatements:false
CREATE FUNCTION lend(seed integer, who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loans VALUES (seed, who, current_date);
END;
$$;
-- rollback DROP FUNCTION lend(integer, text);

-- changeset bo:2 endDelimiter:/ rollbackEndDelimiter:/
CREATE FUNCTION loan_count(who text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM loans WHERE gardener = who);
END;
$$
/
COMMENT ON FUNCTION loan_count(text) IS 'Loans of one gardener'
/
-- rollback DROP FUNCTION loan_count(text)
-- rollback /

-- changeset "ada lang":"3" runOnChange:true
CREATE OR REPLACE VIEW open_loans AS
    SELECT seeds.plant, loans.gardener FROM loans JOIN seeds ON seeds.id = loans.seed_id;
-- rollback DROP VIEW IF EXISTS open_loans;
