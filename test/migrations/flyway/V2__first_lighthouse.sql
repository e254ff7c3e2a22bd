INSERT INTO lighthouses (id, name, range_miles) VALUES (1, '${first_lighthouse}', 18);
COMMENT ON TABLE ${commented_table} IS 'Of the coast of ${Region}';
