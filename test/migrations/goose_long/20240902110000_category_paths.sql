-- +goose Up
CREATE RECURSIVE VIEW category_paths (id, path) AS
    SELECT id, name
    FROM categories
    WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, p.path || ' > ' || c.name
    FROM categories AS c
    JOIN category_paths AS p ON p.id = c.parent_id;

CREATE VIEW daily_sales AS
SELECT d.day,
       d.cents,
       sum(d.cents) OVER (ORDER BY d.day) AS cents_so_far
FROM (
    SELECT issued_on AS day, sum(total_cents) AS cents
    FROM invoices
    WHERE state <> 'cancelled'
    GROUP BY issued_on
) AS d;

-- +goose Down
DROP VIEW daily_sales;
DROP VIEW category_paths;
