INSERT INTO gate VALUES (1);
CREATE TABLE notes (note text);
\ir parts/words.sql
