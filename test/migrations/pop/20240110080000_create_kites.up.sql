CREATE TABLE kites (id uuid PRIMARY KEY, colour text NOT NULL);
