CREATE FUNCTION fahrenheit(celsius numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE
AS $$ SELECT celsius * 9 / 5 + 32; $$;

CREATE VIEW readings_in_fahrenheit AS
SELECT station_id, taken_at, fahrenheit(celsius) AS fahrenheit
FROM readings;
