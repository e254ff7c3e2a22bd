CREATE TABLE late ();
