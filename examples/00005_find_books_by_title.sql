-- The shelves fill up, and readers remember titles in their own spelling.
-- With this index the search stays quick: SELECT * FROM books WHERE lower(title) LIKE 'emma%';

-- +goose Up
CREATE INDEX books_title_idx ON books (lower(title) text_pattern_ops);

COMMENT ON INDEX books_title_idx IS 'For the search box at the desk.';

-- +goose Down
DROP INDEX books_title_idx;
