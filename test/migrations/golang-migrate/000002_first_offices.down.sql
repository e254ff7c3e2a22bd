DELETE FROM offices WHERE code IN ('N1', 'S1');
