-- Your SQL goes here
CREATE INDEX CONCURRENTLY harvests_harvested_on_idx ON harvests (harvested_on);
