CREATE OR REPLACE VIEW lighthouse_names AS
    SELECT id, upper(name) AS name FROM lighthouses;
