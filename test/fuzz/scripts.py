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
    '-- UP\n', '-- DOWN\n', '-- no-transaction\n', '-- disable-transaction\n',
    '--liquibase formatted sql\n', '--changeset a:1\n', '--changeset b:2 endDelimiter:/ splitStatements:false\n',
    '--changeset "a b":"3" stripComments:false runOnChange:true\n', '--changeset c:4 context:a labels:b\n',
    '--rollback ', '--rollback empty\n', '--rollback not required\n', '/* liquibase rollback\n',
    '--rollback changesetId:1 changesetAuthor:a\n', '--property name:a value:b\n',
    '--precondition-sql-check expectedResult:0 SELECT 0\n', '--preconditions onFail:MARK_RAN\n', '--comment x\n',
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
