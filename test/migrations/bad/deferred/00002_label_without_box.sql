-- +goose Up
INSERT INTO labels (id, box_id) VALUES (1, 7);

-- +goose Down
DELETE FROM labels WHERE id = 1;
