-- One second after the file before it: the digits decide, not the calendar day.

-- +goose Up
CREATE TABLE audit_log_2023 PARTITION OF audit_log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE audit_log_2024 PARTITION OF audit_log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE audit_log_other PARTITION OF audit_log DEFAULT;

CREATE INDEX audit_log_table_name_idx ON audit_log (table_name, logged_on);

-- +goose Down
DROP INDEX audit_log_table_name_idx;
DROP TABLE audit_log_other;
DROP TABLE audit_log_2024;
DROP TABLE audit_log_2023;
