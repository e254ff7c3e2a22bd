-- Add migration script here
ALTER TABLE huts ADD COLUMN warden text
