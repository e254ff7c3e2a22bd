\set ECHO none
--
-- The setup of most tests: an empty history, a schema "app" to migrate, and try(),
-- which shows an error without the paths of this machine.
--
SET client_min_messages = error;
DROP SCHEMA IF EXISTS app, test CASCADE;
DROP EXTENSION IF EXISTS migrate CASCADE;
CREATE EXTENSION migrate;
CREATE SCHEMA app;
CREATE SCHEMA test;
SET search_path = app, pg_catalog;

\getenv abs_srcdir PG_ABS_SRCDIR
\set migrations :abs_srcdir '/migrations'
SELECT pg_catalog.set_config('test.migrations', :'migrations', false) \gset ignored_
-- an empty folder for directories that the tests write
\getenv abs_builddir PG_ABS_BUILDDIR
\set scratch :abs_builddir '/results/scratch'
SELECT pg_catalog.set_config('test.scratch', :'scratch', false) \gset ignored_
DO $$
BEGIN
	EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L',
				   format('rm -rf "%1$s" && mkdir -p "%1$s"', current_setting('test.scratch')));
END
$$;

-- the directory of a fixture
CREATE FUNCTION test.dir(name text) RETURNS text LANGUAGE sql AS
	$$ SELECT current_setting('test.migrations') || '/' || name $$;

-- a directory that write() made
CREATE FUNCTION test.made(name text) RETURNS text LANGUAGE sql AS
	$$ SELECT current_setting('test.scratch') || '/' || name $$;

-- write a file below the scratch folder
CREATE FUNCTION test.write(path text, content text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('test.scratch') || '/' || path;
BEGIN
	EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L',
				   format('mkdir -p "$(dirname "%s")"', file));
	-- base64, because text format would escape the content
	EXECUTE format('COPY (SELECT encode(%L, ''base64'')) TO PROGRAM %L',
				   convert_to(content, 'UTF8'),
				   format('sed ''s/\\n/\n/g'' | base64 -d > "%s"', file));
END
$$;

CREATE FUNCTION test.remove(path text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L',
				   format('rm -r "%s"', current_setting('test.scratch') || '/' || path));
END
$$;

-- a goose migration of one table
CREATE FUNCTION test.goose(up text, down text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT format(E'-- +goose Up\n%s\n', up) ||
		   CASE WHEN down IS NULL THEN '' ELSE format(E'-- +goose Down\n%s\n', down) END
$$;

-- run a command that fails, and show the whole message
CREATE FUNCTION test.try(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	state text;
	detail text;
	hint text;
	context text;
	line text;
BEGIN
	BEGIN
		EXECUTE command;
		RETURN NEXT 'no error';
		RETURN;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS
			state = RETURNED_SQLSTATE,
			message = MESSAGE_TEXT,
			detail = PG_EXCEPTION_DETAIL,
			hint = PG_EXCEPTION_HINT,
			context = PG_EXCEPTION_CONTEXT;
	END;
	message := replace(message, current_setting('test.migrations'), '<migrations>');
	message := replace(message, current_setting('test.scratch'), '<scratch>');
	RETURN NEXT state || ': ' || message;
	IF detail <> '' THEN
		RETURN NEXT 'DETAIL: ' || detail;
	END IF;
	IF hint <> '' THEN
		RETURN NEXT 'HINT: ' || hint;
	END IF;
	FOREACH line IN ARRAY string_to_array(context, E'\n') LOOP
		IF line ~ '^(migration|recording|file) ' THEN
			RETURN NEXT 'CONTEXT: ' || line;
		END IF;
	END LOOP;
END
$$;

-- run a command in the scratch folder
CREATE FUNCTION test.shell(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY (SELECT 1 WHERE false) TO PROGRAM %L',
				   format('cd "%s" && (%s)', current_setting('test.scratch'), command));
END
$$;
-- the migrations of a directory, in one line, or the error
CREATE FUNCTION test.look(made text, given text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	SELECT string_agg(concat_ws(' ', s.version, nullif(s.name, '')), ', ') INTO said
	FROM migrate.status(test.made(made), project => made, format => given) AS s;
	RETURN NEXT coalesce(said, 'nothing');
EXCEPTION WHEN OTHERS THEN
	PERFORM set_config('client_min_messages', 'error', false);
	RETURN QUERY SELECT test.try(format('SELECT migrate.status(test.made(%L), project => %L, format => %L)',
										made, made, given));
	PERFORM set_config('client_min_messages', 'notice', false);
END
$$;

-- the tables of the application
CREATE VIEW test.tables AS
	SELECT relname FROM pg_class
	WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname COLLATE "C";
RESET client_min_messages;
\set ECHO all
