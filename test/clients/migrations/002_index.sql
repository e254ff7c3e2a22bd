CREATE INDEX CONCURRENTLY notes_idx ON notes (note);
