-- Migration: boxes
SET lock_timeout = '2s';

-- UP
CREATE TABLE boxes (id integer PRIMARY KEY);

-- DOWN
DROP TABLE boxes;
