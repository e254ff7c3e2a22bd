INSERT INTO offices (code, town) VALUES ('N1', 'Northhaven'), ('S1', 'Southmere');
