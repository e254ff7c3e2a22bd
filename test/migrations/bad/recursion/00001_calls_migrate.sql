-- +goose Up
SELECT * FROM migrate.apply('/nowhere');

-- +goose Down
SELECT 1;
