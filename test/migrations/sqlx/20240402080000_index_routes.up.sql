-- no-transaction
CREATE INDEX CONCURRENTLY routes_crag_id_idx ON routes (crag_id);
