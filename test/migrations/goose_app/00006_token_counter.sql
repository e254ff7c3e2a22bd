-- +goose Up
ALTER TABLE projects ADD COLUMN token_count integer NOT NULL DEFAULT 0;

-- +goose StatementBegin
CREATE FUNCTION count_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        UPDATE projects SET token_count = token_count - 1 WHERE id = OLD.project_id;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        UPDATE projects SET token_count = token_count + 1 WHERE id = NEW.project_id;
    END IF;
    RETURN NULL;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER tokens_count AFTER INSERT OR UPDATE OF project_id OR DELETE ON tokens
    FOR EACH ROW EXECUTE FUNCTION count_tokens();

UPDATE projects AS p
SET token_count = (SELECT count(*) FROM tokens AS t WHERE t.project_id = p.id);

-- +goose Down
DROP TRIGGER tokens_count ON tokens;
DROP FUNCTION count_tokens();
ALTER TABLE projects DROP COLUMN token_count;
