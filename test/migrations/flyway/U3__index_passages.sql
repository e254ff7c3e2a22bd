DROP INDEX passages_seen_at_idx;
