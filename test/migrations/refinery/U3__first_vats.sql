INSERT INTO vats (id, litres) VALUES (1, 500), (2, 1200);
