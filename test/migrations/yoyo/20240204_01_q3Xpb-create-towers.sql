-- The bell towers of the county
-- depends:

CREATE TABLE towers (id serial PRIMARY KEY, parish text NOT NULL);
