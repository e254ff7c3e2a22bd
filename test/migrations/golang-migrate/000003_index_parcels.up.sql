CREATE INDEX CONCURRENTLY parcels_office_idx ON parcels (office);
