-- depends: 20240301_01_zZ9yy-tower-names
-- transactional: false

CREATE INDEX CONCURRENTLY towers_by_name ON towers (name);
