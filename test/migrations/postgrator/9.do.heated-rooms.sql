ALTER TABLE rooms ADD heated boolean NOT NULL DEFAULT false
