-- hasura:no-transaction
CREATE INDEX CONCURRENTLY gauges_of_river ON "gauges" ("river_id", "km");
