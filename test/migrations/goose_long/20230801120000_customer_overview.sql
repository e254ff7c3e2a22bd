-- +goose Up
CREATE VIEW customer_overview AS
SELECT c.id, c.name, count(o.id) AS orders
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.id
GROUP BY c.id, c.name;

COMMENT ON VIEW customer_overview IS 'One line per customer, for the back office; "drafts" count too.';

-- +goose Down
DROP VIEW customer_overview;
