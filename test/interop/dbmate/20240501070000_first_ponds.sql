-- migrate:up
INSERT INTO ponds VALUES (1, 'Mill pond'), (2, 'Old quarry');

-- migrate:down
DELETE FROM ponds WHERE id IN (1, 2);
