DROP TABLE no_such_table;
