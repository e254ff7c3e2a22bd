CREATE FUNCTION postage(weight_grams integer) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF weight_grams <= 500 THEN
        RETURN 3.5;
    END IF;
    RETURN 3.5 + ceil((weight_grams - 500) / 250.0);
END;
$$;
