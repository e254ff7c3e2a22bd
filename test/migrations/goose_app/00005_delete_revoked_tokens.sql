-- +goose Up
-- Revoked tokens go, but not for good: they are kept aside until we are sure that nobody misses them.
CREATE TABLE tokens_backup_00005 AS
SELECT id, project_id, hash, created_at, revoked_at
FROM tokens
WHERE revoked_at IS NOT NULL;

DELETE FROM tokens WHERE revoked_at IS NOT NULL;

-- +goose Down
INSERT INTO tokens (id, project_id, hash, created_at, revoked_at)
SELECT id, project_id, hash, created_at, revoked_at
FROM tokens_backup_00005
ORDER BY id;

DROP TABLE tokens_backup_00005;
