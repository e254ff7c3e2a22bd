COMMENT ON TABLE ${commented_table} IS NULL;
DELETE FROM lighthouses WHERE id = 1;
