-- no-transaction
DROP INDEX CONCURRENTLY routes_crag_id_idx;
