-- The shelves fill up, and readers do not remember how titles are capitalized. This
-- index speeds up the search: SELECT * FROM books WHERE lower(title) LIKE 'emma%';

-- +goose Up
CREATE INDEX books_title_idx ON books (lower(title) text_pattern_ops);

COMMENT ON INDEX books_title_idx IS 'For the search box at the desk.';

-- +goose Down
DROP INDEX books_title_idx;
