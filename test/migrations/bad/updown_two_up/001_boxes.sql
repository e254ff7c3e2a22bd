-- Migration: boxes
-- UP
CREATE TABLE boxes (id integer PRIMARY KEY);

-- UP
CREATE TABLE labels (id integer PRIMARY KEY);

-- DOWN
DROP TABLE labels;
DROP TABLE boxes;
