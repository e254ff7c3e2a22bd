ALTER TABLE kites ADD area real;
