-- +goose Up
CREATE TABLE audit_log_2025 PARTITION OF audit_log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

-- +goose Down
-- What was logged in 2025 stays: it moves to the partition for all other years.
CREATE TEMPORARY TABLE kept_audit_rows ON COMMIT DROP AS SELECT * FROM audit_log_2025;

DROP TABLE audit_log_2025;

INSERT INTO audit_log (id, logged_on, table_name, action, old_row, new_row)
SELECT id, logged_on, table_name, action, old_row, new_row
FROM kept_audit_rows;
