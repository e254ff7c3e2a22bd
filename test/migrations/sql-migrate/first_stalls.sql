-- +migrate Up
INSERT INTO stalls (id, row_letter, goods, fee) VALUES (1, 'A', 'cheese', 12), (2, 'A', 'brooms', 9);

-- +migrate Down
DELETE FROM stalls WHERE id IN (1, 2);
