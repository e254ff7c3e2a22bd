-- +goose Up
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy';

-- +goose Down
SELECT 1; -- a value of an enum cannot be removed
