-- +goose Up
BEGIN;

CREATE TYPE member_role AS ENUM ('owner', 'writer', 'reader');

CREATE TABLE project_members (
    project_id bigint REFERENCES projects (id) ON DELETE CASCADE,
    user_id    bigint REFERENCES users (id) ON DELETE CASCADE,
    role       member_role NOT NULL DEFAULT 'reader',
    PRIMARY KEY (project_id, user_id)
);

INSERT INTO project_members (project_id, user_id, role)
SELECT p.id, u.id, CASE WHEN p.id = u.id THEN 'owner' ELSE 'reader' END::member_role
FROM projects AS p
CROSS JOIN users AS u
ORDER BY p.id, u.id;

COMMIT;

-- +goose Down
BEGIN;

DROP TABLE project_members;
DROP TYPE member_role;

COMMIT;
