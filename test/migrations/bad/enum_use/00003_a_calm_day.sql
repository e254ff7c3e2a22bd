-- +goose Up
INSERT INTO diary (day, mood) VALUES ('2024-08-01', 'calm');

-- +goose Down
DELETE FROM diary WHERE day = '2024-08-01';
