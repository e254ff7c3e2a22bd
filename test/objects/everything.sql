-- A database with every kind of object that objects() knows, and of each kind
-- what pg_dump distinguishes.  Runs as a superuser on a new database, after
-- roles.sql.
SET client_min_messages = warning;
SET check_function_bodies = off;

CREATE SCHEMA app;
CREATE SCHEMA "Odd ""name" AUTHORIZATION regress_objects_alice;
COMMENT ON SCHEMA app IS E'two\nlines and a \\';
GRANT USAGE ON SCHEMA app TO regress_objects_alice, regress_objects_bob;
GRANT CREATE ON SCHEMA app TO regress_objects_alice WITH GRANT OPTION;

CREATE EXTENSION hstore SCHEMA app;
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
REVOKE EXECUTE ON FUNCTION app.hstore_to_json(app.hstore) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_logdir() TO regress_objects_alice;
GRANT SELECT (setconfig) ON pg_catalog.pg_db_role_setting TO regress_objects_bob;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO regress_objects_bob;

-- types
CREATE TYPE app.shell;
CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'happy');
ALTER TYPE app.mood ADD VALUE 'so so' BEFORE 'happy';
ALTER TYPE app.mood OWNER TO regress_objects_alice;
GRANT USAGE ON TYPE app.mood TO regress_objects_bob;
COMMENT ON TYPE app.mood IS 'how it feels';
CREATE TYPE app.address AS (street text COLLATE "C", number integer, gone text, moods app.mood[]);
ALTER TYPE app.address DROP ATTRIBUTE gone;
COMMENT ON COLUMN app.address.street IS 'no number';
CREATE FUNCTION app.float_difference(float8, float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE TYPE app.floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = app.float_difference);
CREATE TYPE app.texts AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops, MULTIRANGE_TYPE_NAME = app.many_texts);
CREATE TYPE app.number;
CREATE FUNCTION app.number_in(cstring) RETURNS app.number LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION app.number_out(app.number) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE app.number (INPUT = app.number_in, OUTPUT = app.number_out, INTERNALLENGTH = 4, PASSEDBYVALUE,
	ALIGNMENT = int4, DEFAULT = '42', CATEGORY = 'N', DELIMITER = ';');
CREATE TYPE app.words;
CREATE FUNCTION app.words_in(cstring) RETURNS app.words LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION app.words_out(app.words) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE FUNCTION app.words_recv(internal) RETURNS app.words LANGUAGE internal IMMUTABLE STRICT AS 'textrecv';
CREATE FUNCTION app.words_send(app.words) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'textsend';
CREATE TYPE app.words (INPUT = app.words_in, OUTPUT = app.words_out, RECEIVE = app.words_recv, SEND = app.words_send,
	INTERNALLENGTH = variable, STORAGE = main, COLLATABLE = true);
CREATE DOMAIN app.positive AS integer DEFAULT 1 NOT NULL CONSTRAINT positive_is_positive CHECK (VALUE > 0);
ALTER DOMAIN app.positive ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;
COMMENT ON CONSTRAINT small ON DOMAIN app.positive IS 'not very';
CREATE DOMAIN app.label AS varchar(20) COLLATE "C" DEFAULT 'none';
REVOKE USAGE ON TYPE app.label FROM PUBLIC;
CREATE COLLATION app.plain (LOCALE = 'C');
CREATE COLLATION app.mixed (LC_COLLATE = 'C', LC_CTYPE = 'POSIX');
CREATE COLLATION app.insensitive (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
COMMENT ON COLLATION app.insensitive IS 'A is a';
CREATE CONVERSION app.from_latin1 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION app.to_latin1 FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;

-- routines
CREATE FUNCTION app.add(a integer, b integer DEFAULT 2, VARIADIC rest integer[] DEFAULT '{}', OUT total integer, OUT note text)
	LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL SAFE COST 7
	SET search_path = app, "Odd ""name" SET work_mem = '5MB' SET "my.thing" = 'it''s'
	AS $_$ BEGIN total := a + b; note := '$$ ' || chr(13) || '$function$'; END $_$;
ALTER FUNCTION app.add(integer, integer, integer[]) OWNER TO regress_objects_alice;
COMMENT ON FUNCTION app.add(integer, integer, integer[]) IS 'adds';
REVOKE EXECUTE ON FUNCTION app.add FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.add TO regress_objects_bob;
CREATE FUNCTION app.body(x integer) RETURNS integer LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT x + 1; END;
CREATE FUNCTION app.rows() RETURNS TABLE (a integer, b text) LANGUAGE sql ROWS 5 AS 'SELECT 1, ''x''::text';
CREATE FUNCTION app.windowed(anyelement) RETURNS anyelement LANGUAGE internal WINDOW AS 'window_first_value';
CREATE PROCEDURE app.proceed(INOUT a integer, b text DEFAULT 'x') LANGUAGE plpgsql AS 'BEGIN a := 1; END';
GRANT EXECUTE ON PROCEDURE app.proceed TO regress_objects_bob;
ALTER FUNCTION app.rows() DEPENDS ON EXTENSION hstore;
CREATE FUNCTION app.trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION app.event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE AGGREGATE app.sum_up(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl,
	MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MINITCOND = '0', PARALLEL = safe, SSPACE = 8);
COMMENT ON AGGREGATE app.sum_up(integer) IS 'a sum';
CREATE AGGREGATE app.count_all(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0', FINALFUNC = int8up, FINALFUNC_MODIFY = SHAREABLE);
CREATE AGGREGATE app.percentile(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal,
	FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE app.ranked(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal,
	FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE app.least(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = OPERATOR(pg_catalog.<));

-- operators
CREATE FUNCTION app.number_eq(app.number, app.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION app.number_ne(app.number, app.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION app.number_lt(app.number, app.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION app.number_gt(app.number, app.number) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION app.number_cmp(app.number, app.number) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION app.number_hash(app.number) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashint4';
CREATE OPERATOR app.= (FUNCTION = app.number_eq, LEFTARG = app.number, RIGHTARG = app.number, COMMUTATOR = OPERATOR(app.=),
	NEGATOR = OPERATOR(app.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR app.<> (FUNCTION = app.number_ne, LEFTARG = app.number, RIGHTARG = app.number, COMMUTATOR = OPERATOR(app.<>),
	NEGATOR = OPERATOR(app.=), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR app.< (FUNCTION = app.number_lt, LEFTARG = app.number, RIGHTARG = app.number, COMMUTATOR = OPERATOR(app.>));
CREATE OPERATOR app.> (FUNCTION = app.number_gt, LEFTARG = app.number, RIGHTARG = app.number, COMMUTATOR = OPERATOR(app.<));
CREATE OPERATOR app.!@# (FUNCTION = int4abs, RIGHTARG = integer);
COMMENT ON OPERATOR app.!@# (NONE, integer) IS 'absolute';
CREATE OPERATOR FAMILY app.numbers USING btree;
CREATE OPERATOR CLASS app.number_ops DEFAULT FOR TYPE app.number USING btree FAMILY app.numbers AS
	OPERATOR 1 app.<, OPERATOR 3 app.=, OPERATOR 5 app.>, FUNCTION 1 app.number_cmp(app.number, app.number);
CREATE OPERATOR CLASS app.number_hash_ops FOR TYPE app.number USING hash AS
	OPERATOR 1 app.=, FUNCTION 1 app.number_hash(app.number);
CREATE OPERATOR FAMILY app.loose USING btree;
ALTER OPERATOR FAMILY app.loose USING btree ADD OPERATOR 1 pg_catalog.< (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE OPERATOR CLASS app.boxes FOR TYPE point USING gist AS STORAGE box,
	OPERATOR 15 <-> (point, point) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
	FUNCTION 3 gist_point_compress(internal), FUNCTION 5 gist_box_penalty(internal, internal, internal),
	FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal),
	FUNCTION 8 gist_point_distance(internal, point, smallint, oid, internal);
COMMENT ON OPERATOR CLASS app.number_ops USING btree IS 'as numbers are';
COMMENT ON OPERATOR FAMILY app.loose USING btree IS 'few';
ALTER OPERATOR FAMILY app.loose USING btree OWNER TO regress_objects_alice;
CREATE CAST (app.number AS integer) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (app.mood AS app.words) WITH INOUT;
CREATE FUNCTION app.to_number(text) RETURNS app.number LANGUAGE sql IMMUTABLE AS 'SELECT 1::integer::text::app.number';
CREATE CAST (text AS app.number) WITH FUNCTION app.to_number(text);
COMMENT ON CAST (app.number AS integer) IS 'same bits';

-- text search
CREATE TEXT SEARCH PARSER app.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE app.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY app.dictionary (TEMPLATE = app.template, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION app.configuration (PARSER = app.parser);
ALTER TEXT SEARCH CONFIGURATION app.configuration ADD MAPPING FOR asciiword, word WITH app.dictionary, pg_catalog.english_stem;
ALTER TEXT SEARCH CONFIGURATION app.configuration ADD MAPPING FOR email WITH simple;
COMMENT ON TEXT SEARCH CONFIGURATION app.configuration IS 'for search';
COMMENT ON TEXT SEARCH PARSER app.parser IS 'a parser';

-- sequences
CREATE SEQUENCE app.counter AS smallint INCREMENT BY -2 MAXVALUE 100 MINVALUE -100 START 50 CACHE 3 CYCLE;
CREATE UNLOGGED SEQUENCE app.lost;
GRANT USAGE ON SEQUENCE app.counter TO regress_objects_bob;
COMMENT ON SEQUENCE app.counter IS 'counts down';

-- tables
CREATE TABLE app.customers (
	id integer GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5) PRIMARY KEY,
	dropped text,
	name text COLLATE app.plain NOT NULL,
	email text,
	mood app.mood DEFAULT 'happy',
	born date CHECK (born > '1900-01-01'),
	seen timestamp with time zone DEFAULT '2020-02-03 04:05:06+07',
	every interval DEFAULT '1 day 02:03',
	price money DEFAULT 1.5,
	home app.address,
	score app.positive,
	tags app.hstore,
	serial_number serial,
	twice integer GENERATED ALWAYS AS (length(name) * 2) STORED,
	CONSTRAINT email_has_at CHECK (email LIKE '%@%') NO INHERIT,
	UNIQUE NULLS NOT DISTINCT (email) INCLUDE (name) WITH (fillfactor = 80) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE app.customers DROP COLUMN dropped;
ALTER TABLE app.customers ADD CONSTRAINT old CHECK (id > 0) NOT VALID;
ALTER TABLE app.customers ALTER name SET STORAGE EXTERNAL, ALTER name SET COMPRESSION pglz, ALTER name SET STATISTICS 500,
	ALTER name SET (n_distinct = -0.5, n_distinct_inherited = 3);
ALTER TABLE app.customers OWNER TO regress_objects_alice;
COMMENT ON TABLE app.customers IS 'who buys';
COMMENT ON COLUMN app.customers.name IS 'as written';
COMMENT ON CONSTRAINT email_has_at ON app.customers IS 'at least';
COMMENT ON CONSTRAINT customers_pkey ON app.customers IS 'key';
COMMENT ON INDEX app.customers_pkey IS 'index of the key';
GRANT SELECT ON app.customers TO regress_objects_bob WITH GRANT OPTION;
GRANT ALL ON app.customers TO "regress_objects Carol";
GRANT INSERT (name, email), UPDATE (email) ON app.customers TO regress_objects_bob;
SET ROLE regress_objects_bob;
GRANT SELECT ON app.customers TO PUBLIC;
RESET ROLE;
REVOKE TRUNCATE ON app.customers FROM regress_objects_alice;
CREATE UNLOGGED TABLE app.orders (
	id bigint PRIMARY KEY,
	customer integer,
	placed timestamp DEFAULT now(),
	during tsrange,
	FOREIGN KEY (customer) REFERENCES app.customers ON DELETE SET NULL (customer) ON UPDATE CASCADE DEFERRABLE,
	CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (id > 0)
) TABLESPACE regress_objects_space;
ALTER TABLE app.orders SET LOGGED, REPLICA IDENTITY FULL;
ALTER TABLE app.customers ADD favourite bigint;
CREATE TABLE app."Other table" (a integer NOT NULL, b integer, c text, UNIQUE (a));
ALTER TABLE app."Other table" REPLICA IDENTITY USING INDEX "Other table_a_key", CLUSTER ON "Other table_a_key";
ALTER TABLE app."Other table" ADD FOREIGN KEY (b) REFERENCES app."Other table" (a) MATCH FULL NOT VALID;
CREATE TABLE app.nothing ();
ALTER TABLE app.nothing REPLICA IDENTITY NOTHING;
CREATE TABLE app.typed OF app.address (number DEFAULT 5 NOT NULL, PRIMARY KEY (street));
COMMENT ON COLUMN app.typed.number IS 'of the house';

-- inheritance
CREATE TABLE app.parent (a integer NOT NULL, b text DEFAULT 'b', CONSTRAINT a_positive CHECK (a > 0));
CREATE TABLE app.other_parent (z integer, b text);
CREATE TABLE app.child (c integer DEFAULT 7, b text DEFAULT 'own') INHERITS (app.parent, app.other_parent);
ALTER TABLE app.parent ADD late integer DEFAULT 3;
ALTER TABLE app.child ALTER late SET DEFAULT 4, ALTER late SET STATISTICS 7, ALTER z SET NOT NULL;
CREATE TABLE app.joined (a integer NOT NULL, b text, late integer, CONSTRAINT a_positive CHECK (a > 0));
ALTER TABLE app.joined INHERIT app.parent;

-- partitions
CREATE TABLE app.events (id integer NOT NULL, at timestamptz NOT NULL, kind text DEFAULT 'x', PRIMARY KEY (id, at), CONSTRAINT id_positive CHECK (id > 0))
	PARTITION BY RANGE (at);
CREATE INDEX events_kind_idx ON app.events (kind);
CREATE TRIGGER stamp BEFORE INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.trigger();
CREATE TABLE app.events_2020 PARTITION OF app.events FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2021-01-01 00:00+00') WITH (fillfactor = 50);
CREATE TABLE app.events_2021 (kind text, extra integer, at timestamptz NOT NULL, id integer NOT NULL, CONSTRAINT id_positive CHECK (id > 0));
ALTER TABLE app.events_2021 DROP COLUMN extra;
ALTER TABLE app.events ATTACH PARTITION app.events_2021 FOR VALUES FROM ('2021-01-01 00:00+00') TO (MAXVALUE);
CREATE TABLE app.events_rest PARTITION OF app.events (kind DEFAULT 'rest') DEFAULT PARTITION BY LIST (id);
CREATE TABLE app.events_rest_a PARTITION OF app.events_rest FOR VALUES IN (1, 2) PARTITION BY HASH (at);
CREATE TABLE app.events_rest_a_0 PARTITION OF app.events_rest_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.by_word (w text, n integer NOT NULL) PARTITION BY LIST (lower(w) COLLATE "C" text_pattern_ops);
CREATE TABLE app.by_word_a PARTITION OF app.by_word FOR VALUES IN ('a', NULL);
ALTER TABLE app.events_2020 DISABLE TRIGGER stamp;
CREATE TABLE app.event_notes (id integer, at timestamptz, FOREIGN KEY (id, at) REFERENCES app.events);
CREATE INDEX only_here ON ONLY app.events_rest_a (at);

-- indexes
CREATE INDEX customers_lower ON app.customers USING btree (lower(name) COLLATE "C" text_pattern_ops DESC NULLS LAST, born) INCLUDE (email)
	WITH (fillfactor = 60, deduplicate_items = off) TABLESPACE regress_objects_space WHERE born IS NOT NULL;
ALTER INDEX app.customers_lower ALTER COLUMN 1 SET STATISTICS 300;
ALTER INDEX app.customers_lower DEPENDS ON EXTENSION hstore;
COMMENT ON INDEX app.customers_lower IS 'for search';
CREATE UNIQUE INDEX customers_hash ON app.customers (md5(email)) NULLS NOT DISTINCT;
CREATE INDEX customers_trgm ON app.customers USING gin (name ext.gin_trgm_ops);
CREATE INDEX orders_brin ON app.orders USING brin (placed timestamp_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 4);
ALTER TABLE app.customers CLUSTER ON customers_pkey;

-- what belongs to tables
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF name, email ON app.customers
	FOR EACH ROW WHEN (new.id > 0) EXECUTE FUNCTION app.trigger('a', 'it''s');
CREATE TRIGGER gone AFTER DELETE ON app.customers REFERENCING OLD TABLE AS gone
	FOR EACH STATEMENT EXECUTE FUNCTION app.trigger();
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON app.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.trigger();
ALTER TABLE app.customers ENABLE ALWAYS TRIGGER audit, DISABLE TRIGGER gone;
ALTER TRIGGER gone ON app.customers DEPENDS ON EXTENSION hstore;
COMMENT ON TRIGGER audit ON app.customers IS 'watches';
CREATE RULE nothing AS ON DELETE TO app.orders WHERE old.id = 1 DO INSTEAD NOTHING;
CREATE RULE note AS ON UPDATE TO app.orders DO ALSO (INSERT INTO app.event_notes VALUES (1, now()); NOTIFY orders);
ALTER TABLE app.orders ENABLE REPLICA RULE note;
COMMENT ON RULE nothing ON app.orders IS 'keeps one';
ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app.customers AS RESTRICTIVE FOR UPDATE TO regress_objects_bob, regress_objects_alice
	USING (name = current_user) WITH CHECK (email IS NOT NULL);
CREATE POLICY read ON app.customers FOR SELECT USING (true);
COMMENT ON POLICY read ON app.customers IS 'all may';
CREATE STATISTICS app.about (ndistinct, mcv) ON name, lower(email) FROM app.customers;
ALTER STATISTICS app.about SET STATISTICS 50;
ALTER STATISTICS app.about OWNER TO regress_objects_alice;
COMMENT ON STATISTICS app.about IS 'correlated';

-- views
CREATE VIEW app.names WITH (security_barrier, security_invoker = true) AS
	SELECT c.name AS title, o.id, (c.tags OPERATOR(app.->) 'x') AS x FROM app.customers c LEFT JOIN app.orders o ON o.customer = c.id;
CREATE VIEW app.checked AS SELECT * FROM app.orders WHERE id > 5 WITH LOCAL CHECK OPTION;
ALTER VIEW app.checked ALTER COLUMN customer SET DEFAULT 8;
COMMENT ON VIEW app.names IS 'names only';
COMMENT ON COLUMN app.names.title IS 'name';
GRANT SELECT (title) ON app.names TO regress_objects_bob;
ALTER VIEW app.names OWNER TO regress_objects_bob;
CREATE TRIGGER instead INSTEAD OF INSERT ON app.names FOR EACH ROW EXECUTE FUNCTION app.trigger();
CREATE RECURSIVE VIEW app.steps (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM steps WHERE n < 10;
CREATE MATERIALIZED VIEW app.totals WITH (fillfactor = 90) TABLESPACE regress_objects_space AS
	SELECT customer, count(*) AS number, 'x'::text AS word FROM app.orders GROUP BY customer WITH NO DATA;
ALTER MATERIALIZED VIEW app.totals ALTER COLUMN word SET STORAGE PLAIN, ALTER COLUMN number SET STATISTICS 9;
CREATE UNIQUE INDEX ON app.totals (customer);
ALTER MATERIALIZED VIEW app.totals CLUSTER ON totals_customer_idx;
ALTER MATERIALIZED VIEW app.totals DEPENDS ON EXTENSION hstore;
COMMENT ON MATERIALIZED VIEW app.totals IS 'sums';

-- views that need each other's rules: pg_dump makes one of them twice
CREATE VIEW app.grouped AS SELECT id, name FROM app.customers GROUP BY id;

-- foreign data
CREATE FOREIGN DATA WRAPPER wrapper OPTIONS (debug 'true');
COMMENT ON FOREIGN DATA WRAPPER wrapper IS 'no handler';
GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO regress_objects_alice;
CREATE SERVER server TYPE 'a type' VERSION '1.0' FOREIGN DATA WRAPPER wrapper OPTIONS (host 'h', port '5');
ALTER SERVER server OWNER TO regress_objects_alice;
GRANT USAGE ON FOREIGN SERVER server TO regress_objects_bob;
CREATE USER MAPPING FOR regress_objects_bob SERVER server OPTIONS ("user" 'b', password 'it''s secret');
CREATE USER MAPPING FOR PUBLIC SERVER server;
CREATE FOREIGN TABLE app.remote (a integer OPTIONS (column_name 'A') NOT NULL DEFAULT 1, b text COLLATE "C", CHECK (a > 0)) SERVER server OPTIONS (table_name 't');
COMMENT ON FOREIGN TABLE app.remote IS 'elsewhere';
CREATE TRIGGER far BEFORE INSERT ON app.remote FOR EACH ROW EXECUTE FUNCTION app.trigger();

-- languages, access methods, transforms
CREATE FUNCTION app.call_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION app.inline_handler(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION app.validator(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE plother HANDLER app.call_handler INLINE app.inline_handler VALIDATOR app.validator;
COMMENT ON LANGUAGE plother IS 'another name';
REVOKE USAGE ON LANGUAGE plother FROM PUBLIC;
CREATE FUNCTION app.other() RETURNS integer LANGUAGE plother AS 'BEGIN RETURN 1; END';
CREATE ACCESS METHOD tree TYPE INDEX HANDLER bthandler;
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD pile IS 'a heap';
CREATE TABLE app.piled (a integer) USING pile;
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'strange';

-- event triggers, publications, subscriptions
CREATE EVENT TRIGGER on_end ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION app.event();
CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE FUNCTION app.event();
ALTER EVENT TRIGGER on_drop DISABLE;
COMMENT ON EVENT TRIGGER on_end IS 'looks';
CREATE PUBLICATION all_tables FOR ALL TABLES WITH (publish = 'insert, truncate', publish_via_partition_root);
CREATE PUBLICATION a_few FOR TABLE app."Other table" (a, c) WHERE (a > 5), TABLE app.nothing;
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA "Odd ""name", app WITH (publish = '');
ALTER PUBLICATION a_few OWNER TO regress_objects_alice;
COMMENT ON PUBLICATION a_few IS 'a few';
CREATE SUBSCRIPTION nowhere CONNECTION 'dbname=nowhere password=x' PUBLICATION a, "B" WITH (connect = false, slot_name = NONE, enabled = false,
	binary, streaming = on, disable_on_error, synchronous_commit = 'on');
COMMENT ON SUBSCRIPTION nowhere IS 'not yet';

-- default privileges
ALTER DEFAULT PRIVILEGES FOR ROLE regress_objects_alice REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_objects_alice IN SCHEMA app GRANT SELECT ON TABLES TO regress_objects_bob;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_objects_bob GRANT USAGE ON SCHEMAS TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_objects_bob IN SCHEMA app GRANT USAGE ON SEQUENCES TO regress_objects_alice WITH GRANT OPTION;
GRANT CREATE ON SCHEMA public TO regress_objects_bob;
SELECT lo_create(4711);
