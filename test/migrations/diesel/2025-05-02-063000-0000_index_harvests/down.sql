-- This file should undo anything in `up.sql`
DROP INDEX CONCURRENTLY harvests_harvested_on_idx;
