-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY frogs_seen_on_idx ON frogs (seen_on);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY frogs_seen_on_idx;
