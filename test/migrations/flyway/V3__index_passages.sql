CREATE INDEX CONCURRENTLY passages_seen_at_idx ON passages (seen_at);
