-- no-transaction
CREATE INDEX CONCURRENTLY huts_name_idx ON huts (name);
