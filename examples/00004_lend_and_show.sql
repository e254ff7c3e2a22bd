-- Readers ask two questions all day: "Is it in?" and "May I have it?". A view
-- answers the first, a function the second.
--
-- The body of the function contains semicolons. Goose needs StatementBegin and
-- StatementEnd around such a statement; migrate finds its end without them.

-- +goose Up
CREATE VIEW shelf AS
SELECT b.id, a.name AS author, b.title, l.reader AS lent_to
FROM books AS b
JOIN authors AS a ON a.id = b.author_id
LEFT JOIN loans AS l ON l.book_id = b.id AND l.returned_on IS NULL;

-- +goose StatementBegin
CREATE FUNCTION lend(p_book_id integer, p_reader text, p_day date) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    holder text;
BEGIN
    SELECT lent_to INTO holder FROM shelf WHERE id = p_book_id;

    IF NOT FOUND THEN
        RETURN 'We have no such book.';
    ELSIF holder IS NOT NULL THEN
        RETURN format('Sorry, %s has it.', holder);
    END IF;

    INSERT INTO loans (book_id, reader, lent_on) VALUES (p_book_id, p_reader, p_day);
    RETURN 'Enjoy it!';
END;
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION lend(integer, text, date);
DROP VIEW shelf;
