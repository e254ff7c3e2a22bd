"""SQL, and text that is nearly SQL.

In the tables, @t is the name of a table, @q a literal, @n a small number.  A new kind
of statement, literal or comment is a new line."""

LITERALS = [
    "'a'", r"E'\n\''", '$$x$$', '$a$ -- +goose Down\n$a$', r"U&'\0041'", "'it''s; fine'", "'--no'", "'/* no'",
    '$q$;\n-- DOWN\n$q$', "N'x'", "B'101'", "X'1F'", "'\u00e4\u4e2d'", "'multi'\n  'line'", "'$name ${name} :name'",
    r"E'\\'", "':'", "'{{ x }}'",
]

# Any of these may be in a script that need not work.
STATEMENTS = [
    'CREATE TABLE @t (id int PRIMARY KEY, x text DEFAULT @q)',
    'CREATE TABLE IF NOT EXISTS @t (id int, x text)',
    'DROP TABLE IF EXISTS @t',
    'DROP TABLE @t',
    'INSERT INTO @t VALUES (@n, @q)',
    'ALTER TABLE @t ADD c@n int',
    'ALTER TABLE @t ALTER x TYPE varchar(9)',
    'ALTER TABLE @t ADD CHECK (id > @n) NOT VALID',
    'CREATE INDEX CONCURRENTLY ON @t (x)',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS @t_i ON @t (x)',
    'DROP INDEX CONCURRENTLY IF EXISTS @t_i',
    'VACUUM @t',
    'VACUUM ANALYZE @t',
    'REINDEX TABLE CONCURRENTLY @t',
    'BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT s', 'COMMIT AND CHAIN', "PREPARE TRANSACTION 'p'",
    'SET search_path = pg_catalog',
    "SET LOCAL lock_timeout = '1s'",
    "SET statement_timeout = '9s'",
    'SET ROLE pg_monitor', 'SET SESSION AUTHORIZATION DEFAULT', 'RESET ALL', 'DISCARD ALL',
    'DO $$ BEGIN PERFORM 1; END $$',
    'DO $d$ BEGIN COMMIT; END $d$',
    'CREATE OR REPLACE FUNCTION f@t() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2; $$',
    'CREATE OR REPLACE FUNCTION g@t(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a; SELECT a + 1; END',
    'CREATE OR REPLACE FUNCTION h@t() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN\n RETURN NEW; END; $f$',
    'COPY @t FROM stdin;\n1\ta\n2\t\\N\n\\.\n',
    'COPY @t FROM stdin;\n3\tb\\tx\r\n\\.\r\n',
    'COPY @t FROM stdin;\n@n\tc\n',
    'COPY @t FROM stdin WITH (FORMAT csv);\n1,"a\n;b"\n\\.\n',
    'COPY @t FROM stdin WITH (FORMAT csv, HEADER);\n\\.\n',
    'LOCK TABLE @t',
    'DECLARE c CURSOR FOR SELECT 1',
    'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
    'CREATE TEMP TABLE @t (a int) ON COMMIT DROP',
    'CREATE TEMP TABLE IF NOT EXISTS @t (a int) ON COMMIT DELETE ROWS',
    'LISTEN a', "NOTIFY a, 'b'",
    'PREPARE p AS SELECT 1', 'DEALLOCATE ALL',
    'SELECT @q', 'SELECT 1/0', "SELECT set_config('work_mem', '1MB', false)",
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'CREATE TABLE @t (id int PRIMARY KEY, p int REFERENCES @t DEFERRABLE INITIALLY DEFERRED)',
    'CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON @t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION h@t()',
    'TRUNCATE @t',
    'CREATE VIEW v@t AS SELECT * FROM @t',
    'CREATE MATERIALIZED VIEW m@t AS SELECT * FROM @t',
    'SET CONSTRAINTS ALL IMMEDIATE',
    "CREATE TYPE e@t AS ENUM ('a')",
    "ALTER TYPE e@t ADD VALUE IF NOT EXISTS 'b'",
    'SET standard_conforming_strings = off',
    'CREATE OR REPLACE PROCEDURE p@t() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO @t VALUES (7, @n); COMMIT; INSERT INTO @t VALUES (8, @n); END $$',
    'CALL p@t()',
    'EXPLAIN ANALYZE SELECT 1',
    'CLUSTER @t',
    'CREATE TABLE @t (a int) PARTITION BY RANGE (a)',
    'CREATE TABLE @t_p PARTITION OF @t FOR VALUES FROM (@n) TO (100)',
    'ALTER TABLE @t DETACH PARTITION @t_p CONCURRENTLY',
    'ALTER TABLE @t RENAME TO @t_old',
    'COMMENT ON TABLE @t IS @q',
    'GRANT SELECT ON @t TO PUBLIC',
    "SELECT * FROM migrate.apply('/nowhere')",
    'SELECT migrate.version()',
    'WITH x AS (INSERT INTO @t VALUES (@n) RETURNING 1) SELECT * FROM x',
    'MERGE INTO @t USING (SELECT 1 AS id) AS s ON @t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)',
]

COMMENTS = [
    '-- a', '/* a /* b */ c */', '--', '-- Description: x\n-- Author: y', '/* ; */', '-- down', '-- rollback',
    '-- migrate: allow misspelt-marker a reason', '-- migrate:allow drop-table', '-- migrate: allow nothing why',
    r'\echo hi', r'\set ON_ERROR_STOP on', r'\i inc.sql', r'\ir inc.sql', r'\q', r'\x', r'\restrict a', r'\connect b',
    r'\if true', r'\gexec', r'\;',
    'SELECT :name;', "SELECT :'name';", 'SELECT :"name";', '${name}', '${x:-y}', '/* TEMPLATE: schema */', ':{?name}',
    '\ufeff', '\f', '$$', "'", '/*', '"',
]

# The markers of all formats, and what stands near them: for text that is nothing but
# such tokens.
TOKENS = [
    '-- +goose Up\n', '-- +goose Down\n', '-- +goose ENVSUB ON\n', '-- +goose ENVSUB OFF\n', '-- +goose NO TRANSACTION\n',
    '-- +goose StatementBegin\n', '-- +goose StatementEnd\n', '-- +goose Up sql\n',
    '-- +migrate Up\n', '-- +migrate Down notransaction\n', '-- +migrate StatementBegin\n', '-- +migrate StatementEnd\n',
    '-- migrate:up\n', '-- migrate:down transaction:false\n', '---- create above / drop below ----\n',
    '---- tern: disable-tx ----\n', '-- rambler up\n', '-- rambler down\n', '-- Up Migration\n', '-- Down Migration\n',
    '# --- !Ups\n', '-- !Downs\n', ';;', '-- hasura:no-transaction\n', '-- depends: a\n', '-- transactional: false\n',
    '-- UP\n', '-- DOWN\n', '-- no-transaction\n', '-- disable-transaction\n',
    '--liquibase formatted sql\n', '--changeset a:1\n', '--changeset b:2 endDelimiter:/ splitStatements:false\n',
    '--changeset "a b":"3" stripComments:false runOnChange:true\n', '--changeset c:4 context:a labels:b\n',
    '--rollback ', '--rollback empty\n', '--rollback not required\n', '/* liquibase rollback\n',
    '--rollback changesetId:1 changesetAuthor:a\n', '--property name:a value:b\n',
    '--changeset d:5 context:"a and (!b or @c)" failOnError:false\n', '--changeset e:${a} logicalFilePath:x/y.sql dbms:!oracle\n',
    '--property name:a value:${b} context:(a global:false\n', '--validCheckSum: any\n', '--include file:x\n', 'changesetId:1 changesetAuthor:a\n*/\n',
    '--precondition-sql-check expectedResult:0 SELECT 0\n', '--preconditions onFail:MARK_RAN\n', '--comment x\n',
    '--precondition-sql-check 1 SELECT 0\n', '--preconditions onFail:CONTINUE onError:WARN\n', '--precondition-table-exists x\n',
    '--ignoreLines:1\n', '--ignoreLines:start\n', '--ignoreLines:end\n', '/\n', 'GO\n',
    '--> statement-breakpoint\n', '--! Previous: -\n', '--! Hash: sha1:x\n', '--! Message: m\n', '--! no-transaction\n',
    '--! Included x\n', '--! EndIncluded x\n', '--!include x.sql\n',
    '-- atlas:txmode none\n', '-- atlas:delimiter -- end\n', '-- atlas:delimiter \\n\n', '-- end\n', '-- atlas:txtar\n',
    '-- checks.sql --\n', '-- migration.sql --\n', '-- atlas:checkpoint\n', '-- atlas:import x.sql\n',
    '-- migrate: allow misspelt-marker x\n', '-- migrate:allow drop-table a reason\n',
    ':name', ":'name'", ':"name"', ':{?name}', '::', ':=', ':', '$name', '${name}', '${name:-d}', '${name-d}',
    '${name:1}', '${name:1:2}', '${name:-1}', '${name:99:99}', '${name?m}', '${name:?m}', '$$', '\\$', '${', '}', '${}',
    '${name', '${a:-${name}}', '$1', '$', '${flyway:user}', '${flyway:', ':NAME', ':DATABASE_NAME',
    '/* TEMPLATE: name */', '/* TEMPLATE: */', '/* TEMPLATE',
    "'", "''", '"', "E'", "\\'", '\\', '$a$', '$a', '/*', '*/', '--', '-', '\n', '\r\n', '\r', ' ', '\t', ';', ';\n',
    'SELECT 1', "SELECT 'x'", 'CREATE TABLE d1 (a int)', 'COPY t FROM stdin;\n', 'COPY t FROM stdin', '1\t2\n',
    '\\.\n', '\\.', '\\i a.sql\n', '\\ir b.sql\n', "\\i 'a b.sql'\n", '\\echo a :name\n', '\\set a 1\n', '\\;', '\\x',
    'BEGIN', 'COMMIT', 'BEGIN ATOMIC', 'END', 'CASE', '\u00e4', '\U0001F600', '{{', '}}', '\ufeff', '\x01',
    '--#line 7 "x"\n', '--#line ', '-- Description: d\n', '-- Author: a\n', '-- Created: c\n', '-- Reversible: yes\n',
    'executeInTransaction=false\n', '(', ')', "U&'\\0041'", "U&\"a\" UESCAPE '!'", "x'", "b'", "'a'\n'b'",
]

# What there is before a directory of DDL, one of each kind, in the schema that is first
# in the search_path.
EXISTING = """
CREATE TABLE o_table (id int PRIMARY KEY, x text NOT NULL, n numeric(9,2) CHECK (n > 0), b boolean DEFAULT true);
INSERT INTO o_table SELECT g, 'x', g, true FROM generate_series(1, 500) g;
CREATE INDEX o_index ON o_table (x);
CREATE UNIQUE INDEX o_unique ON o_table (n);
CREATE TABLE o_child (id int PRIMARY KEY REFERENCES o_table, y int GENERATED BY DEFAULT AS IDENTITY, z int GENERATED ALWAYS AS (id + 1) STORED);
CREATE TABLE o_parent (id int NOT NULL, x text) PARTITION BY RANGE (id);
CREATE TABLE o_part PARTITION OF o_parent FOR VALUES FROM (0) TO (100);
CREATE TABLE o_default PARTITION OF o_parent DEFAULT;
CREATE INDEX o_parent_index ON o_parent (x);
INSERT INTO o_parent SELECT g, 'p' FROM generate_series(1, 200) g;
CREATE TABLE o_inherits () INHERITS (o_table);
CREATE VIEW o_view AS SELECT id, x FROM o_table;
CREATE MATERIALIZED VIEW o_mat AS SELECT id, x FROM o_table;
CREATE UNIQUE INDEX o_mat_index ON o_mat (id);
CREATE SEQUENCE o_seq OWNED BY o_table.id;
CREATE TYPE o_enum AS ENUM ('a', 'b');
CREATE TYPE o_row AS (a int, b text);
CREATE DOMAIN o_domain AS int CHECK (VALUE > 0);
CREATE TABLE o_typed OF o_row;
CREATE TABLE o_domains (d o_domain, e o_enum);
INSERT INTO o_domains SELECT 1, 'a' FROM generate_series(1, 100);
CREATE FUNCTION o_func(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION o_trigger_func() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER o_trigger AFTER INSERT ON o_table FOR EACH ROW EXECUTE FUNCTION o_trigger_func();
CREATE RULE o_rule AS ON DELETE TO o_typed DO INSTEAD NOTHING;
CREATE STATISTICS o_stats ON id, x FROM o_table;
CREATE POLICY o_policy ON o_table USING (true);
"""
NAMES = ['o_table', 'o_table', 'o_table', 'o_child', 'o_parent', 'o_part', 'o_default', 'o_inherits', 'o_view', 'o_mat', 'o_seq', 'o_enum', 'o_row',
         'o_domain', 'o_typed', 'o_domains', 'o_func', 'o_trigger', 'o_index', 'o_unique', 'o_parent_index', 'o_mat_index', 'o_table_pkey',
         'o_stats', 'o_policy', 'o_rule', 'o_nothing', 'o_new', 'pg_catalog.pg_class', 'nowhere.x', 'o_table_n_check', 'o_child_id_fkey', 'pg_temp.x']
COLUMNS = ['id', 'x', 'n', 'b', 'y', 'z', 'd', 'e', 'a', 'nothing', 'ctid', 'xmin']
TYPES = ['int', 'bigint', 'text', 'varchar(5)', 'varchar(50)', 'numeric', 'numeric(20,2)', 'numeric(12,4)', 'timestamptz', 'o_enum', 'o_domain', 'o_row',
         'o_table', 'int[]', 'json', 'jsonb', 'xml', 'serial', 'interval(3)', 'bit(3)', 'char(3)', 'nothing', 'o_table.id%TYPE', 'record', 'o_view']

# @o is the name of any object, right or wrong, @c a column, @y a type.
DDL = [
    'ALTER TABLE @o @a', 'ALTER TABLE @o @a, @a', 'ALTER TABLE ONLY @o @a', 'ALTER TABLE IF EXISTS @o @a', 'ALTER @k @o @a', 'ALTER @k IF EXISTS @o @a',
    'ALTER @k @o RENAME TO o_new', 'ALTER TABLE @o RENAME @c TO o_new', 'ALTER TABLE @o RENAME CONSTRAINT @o TO o_new', 'ALTER @k @o SET SCHEMA public',
    'ALTER @k @o OWNER TO CURRENT_USER', 'ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_default',
    'ALTER TYPE @o ADD VALUE IF NOT EXISTS @q', "ALTER TYPE @o RENAME VALUE 'a' TO 'z'", 'ALTER TYPE @o ADD ATTRIBUTE c @y CASCADE', 'ALTER TYPE @o DROP ATTRIBUTE a',
    'ALTER TYPE @o ALTER ATTRIBUTE a TYPE @y CASCADE', 'ALTER DOMAIN @o ADD CHECK (VALUE > @n)', 'ALTER DOMAIN @o SET NOT NULL', 'ALTER DOMAIN @o VALIDATE CONSTRAINT @o',
    'ALTER DOMAIN @o DROP CONSTRAINT IF EXISTS @o', 'ALTER SEQUENCE @o AS bigint', 'ALTER SEQUENCE @o OWNED BY @o.@c', 'ALTER SEQUENCE @o RESTART',
    'ALTER INDEX @o ATTACH PARTITION @o', 'ALTER INDEX @o SET (fillfactor = 50)', 'ALTER INDEX @o ALTER COLUMN 1 SET STATISTICS 10', 'ALTER INDEX @o SET TABLESPACE pg_default',
    'ALTER VIEW @o ALTER COLUMN @c SET DEFAULT 1', 'ALTER VIEW @o SET (security_barrier)', 'ALTER MATERIALIZED VIEW @o CLUSTER ON @o', 'ALTER FUNCTION @o VOLATILE',
    'ALTER TRIGGER o_trigger ON @o RENAME TO o_new', 'ALTER POLICY o_policy ON @o USING (false)', 'ALTER RULE o_rule ON @o RENAME TO o_new', 'ALTER STATISTICS @o SET STATISTICS 10',
    'ALTER SYSTEM SET work_mem = 64', 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC',
    'DROP @k @o', 'DROP @k IF EXISTS @o CASCADE', 'DROP @k @o, @o', 'DROP INDEX CONCURRENTLY @o', 'DROP INDEX CONCURRENTLY IF EXISTS @o', 'DROP TRIGGER o_trigger ON @o',
    'DROP POLICY o_policy ON @o', 'DROP RULE o_rule ON @o', 'DROP OWNED BY CURRENT_USER', 'DROP FUNCTION @o(int)', 'DROP SCHEMA IF EXISTS nowhere CASCADE',
    'CREATE INDEX ON @o (@c)', 'CREATE UNIQUE INDEX CONCURRENTLY ON @o (@c)', 'CREATE INDEX IF NOT EXISTS @o ON @o USING hash (@c)', 'CREATE INDEX ON ONLY @o ((@c || 1)) WHERE @c IS NULL',
    'CREATE INDEX ON @o USING gin (@c)', 'CREATE TABLE o_new (LIKE @o INCLUDING ALL)', 'CREATE TABLE o_new () INHERITS (@o)', 'CREATE TABLE o_new PARTITION OF @o FOR VALUES FROM (500) TO (600)',
    'CREATE TABLE o_new PARTITION OF @o DEFAULT', 'CREATE TABLE o_new (id @y REFERENCES @o, FOREIGN KEY (id) REFERENCES @o (@c))', 'CREATE TABLE o_new AS SELECT * FROM @o',
    'CREATE TABLE o_new OF @o', 'CREATE TABLE IF NOT EXISTS @o (id @y)', 'CREATE VIEW o_new AS SELECT * FROM @o', 'CREATE OR REPLACE VIEW @o AS SELECT 1 AS id', 'CREATE MATERIALIZED VIEW o_new AS TABLE @o WITH NO DATA',
    'CREATE TRIGGER o_new AFTER UPDATE ON @o FOR EACH ROW EXECUTE FUNCTION o_trigger_func()', 'CREATE RULE o_new AS ON INSERT TO @o DO NOTHING', 'CREATE POLICY o_new ON @o', 'CREATE STATISTICS o_new ON id, @c FROM @o',
    'CREATE TYPE o_new AS RANGE (SUBTYPE = @y)', 'CREATE DOMAIN o_new AS @y', 'CREATE CAST (@y AS @y) WITH INOUT', 'CREATE PUBLICATION o_new FOR TABLE @o', 'CREATE SEQUENCE @o', 'CREATE SCHEMA o_new CREATE TABLE t (a int)',
    'CREATE OR REPLACE FUNCTION @o(a int DEFAULT 1) RETURNS @y LANGUAGE sql AS $$ SELECT NULL::@y $$', "COMMENT ON @k @o IS @q", 'SECURITY LABEL ON TABLE @o IS @q', 'CREATE EVENT TRIGGER o_new ON ddl_command_end EXECUTE FUNCTION @o()',
    'TRUNCATE @o, @o CASCADE', 'TRUNCATE ONLY @o RESTART IDENTITY', 'UPDATE @o SET @c = @c', 'DELETE FROM @o', 'INSERT INTO @o SELECT * FROM @o', 'SELECT * FROM @o FOR UPDATE', 'WITH q AS (DELETE FROM @o RETURNING *) SELECT * FROM q',
    'MERGE INTO @o AS t USING @o AS s ON t.@c = s.@c WHEN MATCHED THEN DELETE', 'LOCK TABLE @o IN ACCESS EXCLUSIVE MODE', 'LOCK @o, @o', 'COPY @o FROM stdin;\n\\.\n', 'COPY @o (@c) FROM stdin WHERE @c IS NULL;\n\\.\n', 'COPY (SELECT 1) TO stdout',
    'REINDEX TABLE @o', 'REINDEX INDEX CONCURRENTLY @o', 'REINDEX (VERBOSE) SCHEMA public', 'CLUSTER @o USING @o', 'CLUSTER @o', 'VACUUM (FULL) @o', 'VACUUM @o, @o (@c)', 'ANALYZE @o (@c)', 'REFRESH MATERIALIZED VIEW CONCURRENTLY @o', 'REFRESH MATERIALIZED VIEW @o WITH NO DATA',
    'GRANT SELECT (@c) ON @o TO PUBLIC', 'REVOKE ALL ON @k @o FROM PUBLIC', 'REASSIGN OWNED BY CURRENT_USER TO CURRENT_USER', 'IMPORT FOREIGN SCHEMA x FROM SERVER y INTO public', 'CALL @o()', 'EXECUTE @o', 'NOTIFY o_new', 'SET search_path = nowhere', 'SET ROLE NONE', 'SET lock_timeout = 1',
]
ALTERATIONS = [
    'ADD c@n @y', 'ADD COLUMN IF NOT EXISTS @c @y DEFAULT @n NOT NULL', 'ADD c@n @y DEFAULT random()', 'ADD c@n int GENERATED ALWAYS AS IDENTITY', 'ADD c@n int GENERATED ALWAYS AS (@c) STORED', 'ADD c@n @y UNIQUE CHECK (c@n > 0) REFERENCES @o',
    'DROP @c', 'DROP COLUMN IF EXISTS @c CASCADE', 'ALTER @c TYPE @y', 'ALTER @c TYPE @y USING @c::@y', 'ALTER @c SET DEFAULT @n', 'ALTER @c DROP DEFAULT', 'ALTER @c SET NOT NULL', 'ALTER @c DROP NOT NULL', 'ALTER @c DROP EXPRESSION', 'ALTER @c ADD GENERATED ALWAYS AS IDENTITY',
    'ALTER @c DROP IDENTITY IF EXISTS', 'ALTER @c SET STATISTICS 10', 'ALTER @c SET (n_distinct = 5)', 'ALTER @c SET STORAGE PLAIN', 'ALTER @c SET COMPRESSION pglz', 'ALTER 1 SET STATISTICS 5',
    'ADD CHECK (@c IS NOT NULL)', 'ADD CONSTRAINT o_new CHECK (@c > @n) NOT VALID', 'ADD CONSTRAINT o_new CHECK (@c > 0) NO INHERIT', 'ADD PRIMARY KEY (@c)', 'ADD UNIQUE (@c, @c)', 'ADD PRIMARY KEY USING INDEX @o', 'ADD UNIQUE USING INDEX @o DEFERRABLE', 'ADD FOREIGN KEY (@c) REFERENCES @o',
    'ADD CONSTRAINT o_new FOREIGN KEY (@c) REFERENCES @o (@c) NOT VALID', 'ADD EXCLUDE USING gist (@c WITH =)', 'ADD EXCLUDE (@c WITH =)', 'ADD NOT NULL @c', 'ALTER CONSTRAINT @o DEFERRABLE', 'VALIDATE CONSTRAINT @o', 'DROP CONSTRAINT @o', 'DROP CONSTRAINT IF EXISTS @o CASCADE',
    'DISABLE TRIGGER ALL', 'ENABLE ALWAYS TRIGGER o_trigger', 'ENABLE RULE o_rule', 'DISABLE ROW LEVEL SECURITY', 'FORCE ROW LEVEL SECURITY', 'CLUSTER ON @o', 'SET WITHOUT CLUSTER', 'SET WITHOUT OIDS', 'SET ACCESS METHOD heap', 'SET TABLESPACE pg_default', 'SET UNLOGGED', 'SET LOGGED',
    'SET (fillfactor = 50)', 'SET (autovacuum_enabled = off)', 'RESET (fillfactor)', 'INHERIT @o', 'NO INHERIT @o', 'OF @o', 'NOT OF', 'REPLICA IDENTITY FULL', 'REPLICA IDENTITY USING INDEX @o', 'OPTIONS (ADD a @q)',
    'ATTACH PARTITION @o FOR VALUES FROM (1000) TO (2000)', 'ATTACH PARTITION @o DEFAULT', 'DETACH PARTITION @o', 'DETACH PARTITION @o CONCURRENTLY', 'DETACH PARTITION @o FINALIZE',
]
OBJECT_KINDS = ['TABLE', 'TABLE', 'INDEX', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE', 'TYPE', 'DOMAIN', 'FOREIGN TABLE', 'FUNCTION', 'ROUTINE', 'PROCEDURE', 'STATISTICS', 'SCHEMA']

# Values for variables that occur above.
VARS = [
    None, None, None, '{}', '{"name": "t1"}', '{"name": "a\'\'b", "x": 3}', '{":name": true, "schema": "sa."}',
    '{"a": "$a$", "name": "\'\'", "x": "${y}"}', '{"NAME": "t2", "first": null}',
]


def fill(random, template):
    """A template with a table, a literal and a number."""
    table = random.choice('tuvw') + str(random.randint(0, 3))
    return (template.replace('@t', table).replace('@q', random.choice(LITERALS))
            .replace('@n', str(random.randint(0, 9))))


def statement(random):
    return fill(random, random.choice(STATEMENTS))


def ddl(random):
    """A statement on what exists, or on something else."""
    text = random.choice(DDL)
    for place, values in (('@a', ALTERATIONS), ('@k', OBJECT_KINDS), ('@o', NAMES), ('@c', COLUMNS), ('@y', TYPES)):
        while place in text:
            text = text.replace(place, random.choice(values), 1)
    if any(word in text for word in ('DELETE FROM', 'UPDATE ', 'INSERT INTO', 'MERGE INTO', 'COPY ')):
        text = text.replace('pg_catalog.pg_class', 'o_table')  # a superuser may change its rows, and nothing works any more
    return fill(random, text)


def working(random, number):
    """Statements of a script that most likely works, and of its way back."""
    table = f'g{number}_{random.randint(0, 2)}'
    up, down = [f'CREATE TABLE {table} (id int PRIMARY KEY, x text)'], [f'DROP TABLE {table}']
    if random.random() < .3:
        up.append(f'INSERT INTO {table} VALUES (1, {random.choice(LITERALS)})')
    if random.random() < .15:
        up.append(f'CREATE INDEX CONCURRENTLY {table}_x ON {table} (x)')
        if random.random() < .5:
            down.insert(0, f'DROP INDEX CONCURRENTLY {table}_x')
    if random.random() < .1:
        up.append(f'COPY {table} FROM stdin;\n5\ta\\tb\n6\t\\N\n\\.\n')
    if random.random() < .1:
        up += ['COMMIT', f'VACUUM {table}', 'BEGIN']
    return up, down


def join(random, statements, wild):
    text = ''
    for sql in statements:
        if wild and random.random() < .15:
            text += random.choice(COMMENTS) + random.choice(['\n', ' ', '\r\n'])
        rows = sql.startswith('COPY') and '\n' in sql
        text += sql + ('' if rows else random.choice([';\n', ';\n', ';\n', ';\n\n', '; ', ';\r\n']))
    if wild and random.random() < .1:
        text = text.rstrip(';\n ')
    return text


def pair(random, number, wild):
    """An up script and its down script; "wild" ones have anything among their
    statements."""
    scripts = working(random, number)
    for statements in scripts if wild else ():
        for _ in range(random.choice([0, 0, 1, 2, 4])):
            statements.insert(random.randint(0, len(statements)), statement(random))
    return [join(random, statements, wild) for statements in scripts]


def tokens(random):
    return ''.join(random.choice(TOKENS) for _ in range(random.choice([1, 3, 10, 30, 100])))
