-- UP
CREATE TABLE boxes (id integer PRIMARY KEY);

-- DOWN
DROP TABLE boxes;
