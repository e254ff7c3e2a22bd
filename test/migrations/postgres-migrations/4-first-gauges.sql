INSERT INTO gauges VALUES (1, 'Aller'), (2, 'Oker');
