-- +goose Up
INSERT INTO projects (id, slug, title, created_at) VALUES
    (1, 'weather-map', 'Weather map', '2024-02-01 08:00:00+00'),
    (2, 'bird-count', 'Bird count', '2024-02-05 10:30:00+00');

INSERT INTO users (id, email, name, created_at) VALUES
    (1, 'ines@example.org', 'Ines', '2024-02-01 08:00:00+00'),
    (2, 'omar@example.org', 'Omar', '2024-02-03 14:15:00+00');

INSERT INTO tokens (id, project_id, hash, created_at, revoked_at) VALUES
    (1, 1, sha256('first token'), '2024-02-01 08:05:00+00', NULL),
    (2, 1, sha256('a token left in a public repository'), '2024-02-02 09:00:00+00', '2024-02-02 09:20:00+00'),
    (3, 2, sha256('field laptop'), '2024-02-05 11:00:00+00', '2024-03-01 07:45:00+00'),
    (4, 2, sha256('field laptop, second try'), '2024-03-01 07:50:00+00', NULL);

INSERT INTO audit_events (project_id, kind, payload, happened_at) VALUES
    (1, 'token.revoked', '{"token": 2, "reason": "leaked; found by a scanner"}', '2024-02-02 09:20:00+00'),
    (2, 'token.revoked', '{"token": 3, "reason": "laptop lost"}', '2024-03-01 07:45:00+00');

SELECT setval(pg_get_serial_sequence('projects', 'id'), 2);
SELECT setval(pg_get_serial_sequence('users', 'id'), 2);
SELECT setval(pg_get_serial_sequence('tokens', 'id'), 4);

-- +goose Down
DELETE FROM audit_events WHERE project_id IN (1, 2);
DELETE FROM tokens WHERE project_id IN (1, 2);
DELETE FROM users WHERE id IN (1, 2);
DELETE FROM projects WHERE id IN (1, 2);
