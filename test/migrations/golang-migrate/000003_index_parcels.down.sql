DROP INDEX CONCURRENTLY parcels_office_idx;
