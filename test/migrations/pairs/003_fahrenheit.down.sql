DROP VIEW readings_in_fahrenheit;
DROP FUNCTION fahrenheit(numeric);
