-- +goose Up
INSERT INTO boxes (id) VALUES (7);

-- +goose Down
DELETE FROM boxes WHERE id = 7;
