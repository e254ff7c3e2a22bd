CREATE TABLE flights (kite_id uuid NOT NULL REFERENCES kites, started timestamptz NOT NULL, PRIMARY KEY (kite_id, started));
