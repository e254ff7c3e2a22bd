-- migrate:up
INSERT INTO screens (number, seats) VALUES (1, 120), (2, 48);

-- migrate:down
DELETE FROM screens WHERE number IN (1, 2);
