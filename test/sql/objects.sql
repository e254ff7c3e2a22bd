--
-- The schema as data: objects() and fingerprint().  test/t/070_objects.pl has
-- every kind of object, test/t/071_object_changes.pl every attribute.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/include/setup.sql'
\i :setup
SET client_min_messages = error;
CREATE ROLE regress_migrate_alice;
CREATE ROLE regress_migrate_bob;

CREATE SCHEMA store AUTHORIZATION regress_migrate_alice;
GRANT USAGE ON SCHEMA store TO regress_migrate_bob;
SET ROLE regress_migrate_alice;
CREATE TYPE store.state AS ENUM ('new', 'paid');
CREATE TABLE store.customers (id integer PRIMARY KEY, name text COLLATE "C" CHECK (name <> ''), born date DEFAULT '2000-01-31');
CREATE TABLE store.orders (
	id bigint GENERATED ALWAYS AS IDENTITY,
	customer integer REFERENCES store.customers,
	state store.state DEFAULT 'new',
	total numeric(10,2)
) WITH (fillfactor = 80);
ALTER TABLE store.orders ALTER total SET STORAGE PLAIN;
CREATE INDEX ON store.orders (customer);
COMMENT ON TABLE store.orders IS 'what was bought';
COMMENT ON COLUMN store.orders.total IS 'in euros';
GRANT SELECT ON store.orders TO regress_migrate_bob;
GRANT UPDATE (state) ON store.orders TO regress_migrate_bob;
CREATE FUNCTION store.due(since date) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM store.orders';
REVOKE EXECUTE ON FUNCTION store.due FROM PUBLIC;
RESET ROLE;

\pset format unaligned
SELECT * FROM migrate.objects('{store}');
SELECT name, definition FROM migrate.objects('{store}', owners => false) WHERE kind IN ('function', 'table');
SELECT name, definition FROM migrate.objects('{store}', privileges => false) WHERE kind IN ('function', 'table');
\pset format aligned

-- which objects: those of these schemas, or all and what is in no schema
SELECT kind, name FROM migrate.objects('{app,store}') WHERE kind = 'schema';
SELECT kind, count(*) FROM migrate.objects() WHERE name ~ 'store' GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(*) FROM migrate.objects('{migrate,pg_catalog,information_schema}');
-- ours, the server's and temporary ones are not among them
CREATE TEMPORARY TABLE passing (id integer PRIMARY KEY);
SELECT * FROM migrate.objects() WHERE name ~ 'migrate|passing|pg_toast' AND name !~ 'regress_migrate';

-- in order, and each once
SELECT count(*) = count(DISTINCT (kind, name)) AS once, array_agg((kind, name) ORDER BY ordinality) =
	array_agg((kind, name) ORDER BY kind COLLATE "C", name COLLATE "C") AS in_order
FROM migrate.objects() WITH ORDINALITY;

-- the hash of all rows, in UTF-8
CREATE FUNCTION test.hash(schemas text[]) RETURNS text LANGUAGE sql AS $$
	SELECT encode(sha256(string_agg(convert_to(kind, 'UTF8') || '\x00' || convert_to(name, 'UTF8') || '\x00' ||
									convert_to(definition, 'UTF8') || '\x00', '' ORDER BY ordinality)), 'hex')
	FROM migrate.objects(schemas) WITH ORDINALITY
$$;
SELECT migrate.fingerprint('{store}') = test.hash('{store}') AS same, migrate.fingerprint() = test.hash(NULL) AS same_of_all;
SELECT migrate.fingerprint('{store}') AS fingerprint \gset
ALTER TABLE store.orders SET (fillfactor = 81);
SELECT migrate.fingerprint('{store}') = :'fingerprint' AS same;
ALTER TABLE store.orders SET (fillfactor = 80);
SELECT migrate.fingerprint('{store}') = :'fingerprint' AS same;

-- the session's settings do not matter, and are as they were
BEGIN;
SET LOCAL search_path = store;
SET LOCAL quote_all_identifiers = on;
SET LOCAL TimeZone = 'Asia/Tokyo';
SET LOCAL DateStyle = 'German';
SET LOCAL IntervalStyle = 'iso_8601';
SET LOCAL bytea_output = 'escape';
SET LOCAL standard_conforming_strings = off;
SET LOCAL extra_float_digits = 0;
SELECT migrate.fingerprint('{store}') = :'fingerprint' AS same;
SELECT current_setting('search_path'), current_setting('timezone'), current_setting('datestyle');
ROLLBACK;

-- what the transaction has done counts; it may be read-only, and old
BEGIN;
CREATE VIEW store.numbers AS SELECT 1 AS one;
SELECT name FROM migrate.objects('{store}') WHERE kind = 'view';
ROLLBACK;
BEGIN READ ONLY;
SELECT migrate.fingerprint('{store}') = :'fingerprint' AS same;
ROLLBACK;

-- arguments
SELECT test.try(call) FROM unnest(ARRAY[
	$$SELECT * FROM migrate.objects('{store,nowhere}')$$,
	$$SELECT migrate.fingerprint('{nowhere}')$$,
	$$SELECT * FROM migrate.objects('{}')$$,
	$$SELECT * FROM migrate.objects('{store,NULL}')$$,
	$$SELECT * FROM migrate.objects(owners => NULL)$$,
	$$SELECT migrate.fingerprint(privileges => NULL)$$]) call;

-- an error leaves the settings alone
SHOW search_path;

--
-- An ordinary role: the same, but for what it may not read.
--
CREATE FOREIGN DATA WRAPPER regress_migrate_wrapper;
CREATE SERVER regress_migrate_server FOREIGN DATA WRAPPER regress_migrate_wrapper;
CREATE USER MAPPING FOR regress_migrate_alice SERVER regress_migrate_server OPTIONS (password 'secret');
CREATE SUBSCRIPTION regress_migrate_subscription CONNECTION 'dbname=nowhere password=secret' PUBLICATION p
	WITH (connect = false, slot_name = NONE, streaming = off);
CREATE TEMPORARY TABLE seen AS SELECT * FROM migrate.objects();
GRANT SELECT ON seen TO regress_migrate_bob;
GRANT USAGE ON SCHEMA migrate TO regress_migrate_bob;
GRANT EXECUTE ON FUNCTION migrate.objects, migrate.fingerprint TO regress_migrate_bob;
\pset format unaligned
SELECT * FROM seen WHERE definition ~ 'secret';
SET ROLE regress_migrate_bob;
SELECT test FROM (SELECT * FROM migrate.objects() EXCEPT SELECT * FROM seen) test;
SELECT kind, name FROM (SELECT * FROM seen EXCEPT SELECT * FROM migrate.objects()) test ORDER BY kind, name;
RESET ROLE;
\pset format aligned
DROP SUBSCRIPTION regress_migrate_subscription;
DROP FOREIGN DATA WRAPPER regress_migrate_wrapper CASCADE;

--
-- An ordinary role makes look-alikes of everything that the queries call, and
-- objects of whose parts a careless query would run some.  A superuser asks.
--
CREATE SCHEMA hostile AUTHORIZATION regress_migrate_bob;
SET ROLE regress_migrate_bob;
SET search_path = hostile, pg_catalog;
DO $$
DECLARE
	signature record;
	type text;
	name text;
BEGIN
	FOR signature IN
		SELECT DISTINCT p.proname, pg_catalog.oidvectortypes(p.proargtypes) AS arguments
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
		AND (p.proname ~ '^pg_get_|^quote_|^acl|^(array_|string_)|^(concat|nullif|coalesce|format_type|obj_description|rtrim|unnest|'
			 'starts_with|makeaclitem|pg_identify_object|pg_options_to_table|pg_encoding_to_char|ts_token_type|current_database)')
		AND NOT 'anyarray'::regtype = ANY (p.proargtypes) AND NOT 'internal'::regtype = ANY (p.proargtypes)
		AND NOT 'anycompatiblearray'::regtype = ANY (p.proargtypes) AND NOT 'cstring'::regtype = ANY (p.proargtypes)
		AND p.provariadic = 0
	LOOP
		EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS text LANGUAGE plpgsql AS
						''BEGIN RAISE EXCEPTION ''''hostile function %s''''; END''', signature.proname, signature.arguments, signature.proname);
	END LOOP;
	FOREACH type IN ARRAY '{text,name,"\"char\"",bool,int2,int4,int8,oid,aclitem[],regclass,regtype}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION hostile.operator(%1$s, %1$s) RETURNS bool LANGUAGE plpgsql AS
						''BEGIN RAISE EXCEPTION ''''hostile operator''''; END''', type);
		FOREACH name IN ARRAY '{=,<>,<,>,<=,>=,||,~~,~,+,-}'::text[] LOOP
			EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = hostile.operator)', name, type);
		END LOOP;
	END LOOP;
	FOREACH name IN ARRAY '{pg_class,pg_namespace,pg_depend,pg_description}'::text[] LOOP
		EXECUTE format('CREATE VIEW hostile.%I AS SELECT t.*, (SELECT hostile.operator(true, true)) AS trap FROM pg_catalog.%1$I t', name);
	END LOOP;
END
$$;
-- armed once all are made
CREATE FUNCTION hostile.trap(anyelement) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN ASSERT pg_catalog.current_setting('test.armed', true) IS NULL, 'hostile trap'; RETURN 'x'; END $$;
CREATE FUNCTION hostile.refuse(anyelement) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN ASSERT pg_catalog.current_setting('test.armed', true) IS NULL, 'hostile trap'; RETURN true; END $$;
CREATE TYPE hostile.mood AS ENUM ('good');
CREATE TYPE hostile.pair AS (a integer, b hostile.mood);
CREATE DOMAIN hostile.word AS pg_catalog.text;
CREATE FUNCTION hostile.to_text(hostile.mood) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'hostile cast'; END $$;
CREATE FUNCTION hostile.to_text(hostile.pair) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'hostile cast'; END $$;
CREATE CAST (hostile.mood AS pg_catalog.text) WITH FUNCTION hostile.to_text(hostile.mood) AS IMPLICIT;
CREATE CAST (hostile.pair AS pg_catalog.text) WITH FUNCTION hostile.to_text(hostile.pair) AS IMPLICIT;
CREATE TABLE hostile.trapped (
	id integer DEFAULT pg_catalog.length(hostile.trap(1)),
	mood hostile.mood DEFAULT 'good',
	pair hostile.pair DEFAULT '(1,good)',
	word hostile.word DEFAULT 'x',
	made text GENERATED ALWAYS AS (hostile.trap(1)) STORED,
	CHECK (hostile.refuse(mood)),
	EXCLUDE (hostile.trap(1) WITH OPERATOR(pg_catalog.=)) WHERE (hostile.refuse(2))
);
CREATE INDEX ON hostile.trapped (hostile.trap(mood)) WHERE hostile.refuse(1);
CREATE TABLE hostile.divided (id integer, mood hostile.mood) PARTITION BY LIST (mood);
CREATE TABLE hostile.part PARTITION OF hostile.divided FOR VALUES IN ('good');
ALTER DOMAIN hostile.word ADD CHECK (hostile.refuse(VALUE::pg_catalog.text)) NOT VALID;
ALTER DOMAIN hostile.word SET DEFAULT hostile.trap(1);
CREATE VIEW hostile.shown AS SELECT hostile.trap(mood) FROM hostile.trapped WHERE hostile.refuse(1);
CREATE FUNCTION hostile.defaults(a text DEFAULT hostile.trap(1)) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT pg_catalog.length(hostile.trap(a)); END;
ALTER TABLE hostile.trapped ENABLE ROW LEVEL SECURITY;
CREATE POLICY locked ON hostile.trapped USING (hostile.refuse(mood));
CREATE STATISTICS hostile.counted ON hostile.trap(id), mood FROM hostile.trapped;
CREATE RULE ruled AS ON INSERT TO hostile.trapped WHERE hostile.refuse(1) DO INSTEAD NOTHING;
CREATE FUNCTION hostile.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile trigger'; END $$;
CREATE TRIGGER fired BEFORE INSERT ON hostile.trapped FOR EACH ROW WHEN (hostile.refuse(new.id)) EXECUTE FUNCTION hostile.fire();
RESET ROLE;

-- as the superuser, with all of it first in the path, also in the temporary schema
CREATE TEMPORARY VIEW pg_class AS SELECT * FROM hostile.pg_class;
CREATE TEMPORARY VIEW pg_namespace AS SELECT * FROM hostile.pg_namespace;
CREATE FUNCTION pg_temp.quote_ident(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hostile function'; END $$;
SET search_path = hostile, pg_temp, pg_catalog;
SET test.armed = 'on';
SELECT hostile.trap(1);
SELECT quote_ident('a'::pg_catalog.text);
SELECT OPERATOR(pg_catalog.-) pg_catalog.count(*) OPERATOR(pg_catalog.<) 0 AS some FROM migrate.objects();
SELECT kind, name FROM migrate.objects('{hostile}') WHERE definition OPERATOR(pg_catalog.~) 'trap|refuse|mood';
SELECT pg_catalog.length(migrate.fingerprint());
SET search_path = app, pg_catalog;

DROP SCHEMA hostile, store CASCADE;
DROP OWNED BY regress_migrate_alice, regress_migrate_bob CASCADE;
DROP ROLE regress_migrate_alice, regress_migrate_bob;
