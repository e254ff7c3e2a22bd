-- Nobody prunes a tree before it is planted

-- !Ups

CREATE FUNCTION check_pruning() RETURNS trigger AS $$
BEGIN
    IF NEW.pruned < NEW.planted THEN
        RAISE EXCEPTION 'tree % was pruned before it was planted;; is that right?', NEW.id;;
    END IF;;
    RETURN NEW;;
END;;
$$ LANGUAGE plpgsql;

CREATE TRIGGER pruning BEFORE INSERT OR UPDATE ON trees
    FOR EACH ROW EXECUTE FUNCTION check_pruning();

-- !Downs

DROP TRIGGER pruning ON trees;
DROP FUNCTION check_pruning();
