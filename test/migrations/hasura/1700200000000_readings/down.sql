-- hasura:no-transaction
DROP INDEX CONCURRENTLY gauges_of_river;
