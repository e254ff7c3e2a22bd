-- postgres-migrations disable-transaction
CREATE INDEX CONCURRENTLY levels_measured_at_idx ON levels (gauge_id, measured_at);
