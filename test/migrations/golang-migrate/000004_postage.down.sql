DROP FUNCTION postage(integer);
