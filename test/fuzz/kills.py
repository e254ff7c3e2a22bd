"""CALL up and CALL down, cut off at random moments and in several ways until they are
through: history and schema agree all the time, and in the end each statement has had
its effect exactly once."""

import threading

import psycopg

from server import PATIENCE, Fault, Folder, administrator, connect, drop_database, new_database

# Migrations: up, down, and how many rows there are in the end; @t is the table, @i an
# INSERT of @n rows.  What commits in the middle, or cannot run in a transaction block,
# is what this is about.
CREATE = 'CREATE TABLE @t (a int, b int);\n@i\n'
DROP = 'DROP TABLE @t;\n'
KINDS = [
    (CREATE, DROP, {'@t': 1}),
    (CREATE + 'COMMIT;\nBEGIN;\n@i\nCOMMIT;\nBEGIN;\n@i\n', DROP, {'@t': 3}),
    (CREATE + 'CREATE UNIQUE INDEX CONCURRENTLY @t_a ON @t (a);\nCREATE INDEX CONCURRENTLY ON @t (b);\n',
     'DROP INDEX CONCURRENTLY @t_a;\n' + DROP, {'@t': 1}),
    ('-- no-transaction\n' + CREATE + 'VACUUM ANALYZE @t;\nCREATE INDEX @t_b ON @t (b);\nREINDEX INDEX CONCURRENTLY @t_b;\n'
     'REINDEX TABLE CONCURRENTLY @t;\n@i\n', DROP, {'@t': 2}),
    ("SET search_path = 's1';\n" + CREATE + 'COMMIT;\nCREATE INDEX CONCURRENTLY @t_x ON @t (a);\n'
     'DROP INDEX CONCURRENTLY @t_x;\nBEGIN;\n@i\n', 'SET search_path = s1;\n' + DROP, {'s1.@t': 2}),
    ('CREATE TABLE @t (a int, b int) PARTITION BY RANGE (a);\nCREATE TABLE @t_1 PARTITION OF @t FOR VALUES FROM (0) TO (100000);\n'
     '@i\nALTER TABLE @t DETACH PARTITION @t_1 CONCURRENTLY;\nINSERT INTO @t_1 VALUES (1, 1);\n'
     'DELETE FROM @t_1 WHERE a = 1;\nINSERT INTO @t_1 VALUES (1, 1);\n', 'DROP TABLE @t, @t_1;\n', {'@t': 0, '@t_1': 1}),
    ("CREATE TYPE e@t AS ENUM ('a');\nCOMMIT;\nALTER TYPE e@t ADD VALUE 'b';\nBEGIN;\nCREATE TABLE @t (a e@t);\n"
     "INSERT INTO @t SELECT 'b' FROM generate_series(1, @n);\n", DROP + 'COMMIT;\nBEGIN;\nDROP TYPE e@t;\n', {'@t': 1}),
    ('CREATE TABLE @t (a int, b int);\n@i\nCOPY @t FROM stdin;\n1\t2\n\\.\nDELETE FROM @t WHERE a = 1 AND b = 2;\n'
     'SELECT pg_sleep(0.01);\nCOMMIT;\nCOPY @t FROM stdin;\n5\t-6\n\\.\nDELETE FROM @t WHERE b = -6;\n',
     'TRUNCATE @t;\nCOMMIT;\nBEGIN;\nSELECT pg_sleep(0.01);\n' + DROP, {'@t': 1}),
    (CREATE + 'CLUSTER;\nALTER TABLE @t ADD c int;\nVACUUM;\n', DROP, {'@t': 1}),
]
MIGRATIONS = 24

# How a call of a process @ is cut off.  Whoever has started the server starts it again.
KILL = "COPY (SELECT 1 WHERE false) TO PROGRAM '{}'"
WAYS = {
    'cancel': 'SELECT pg_cancel_backend(@)',
    'terminate': 'SELECT pg_terminate_backend(@)',
    'kill': KILL.format('kill -KILL @'),
    'immediate stop': KILL.format('kill -QUIT $(head -n 1 postmaster.pid)'),
}
OFTEN = {'cancel': 3, 'terminate': 2, 'kill': 1, 'immediate stop': 1}
CUTS = 8
TRIES = 60
# What such a call may end with; None if the connection is lost.
ENDS = ('57014', '57P01', '57P02', '57P03', None)

TABLES = """
SELECT substring(relname FROM '[0-9]+')::int FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^k[0-9]+$'"""
INVALID = 'SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid'
OTHERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


def write(random, folder):
    """The migrations; returns tables and the number of their rows in the end."""
    expected = {}
    for number in range(1, MIGRATIONS + 1):
        up, down, tables = random.choice(KINDS)
        rows = random.randint(2, 400)

        def fill(text):
            text = text.replace('@i', 'INSERT INTO @t SELECT g, g FROM generate_series(1, @n) g;')
            return text.replace('@t', f'k{number}').replace('@n', str(rows))

        folder.write(f'{number:03d}_m.up.sql', fill(up))
        folder.write(f'{number:03d}_m.down.sql', fill(down))
        expected.update({fill(table): count * rows for table, count in tables.items()})
    return expected


class Cut:
    """A call in a session of its own, which is cut off after a delay.  "code" is "ok",
    the SQLSTATE, or None if the connection is lost."""

    def __init__(self, database, sql, way, delay):
        self.connection = connect(database)
        self.code, self.message = None, ''
        pid = self.connection.info.backend_pid
        thread = threading.Thread(target=self.run, args=[sql])
        thread.start()
        thread.join(delay)
        self.was_cut = thread.is_alive() and way is not None
        if self.was_cut:
            self.cut(way, pid)
        thread.join(PATIENCE)
        if thread.is_alive():
            raise Fault(f'no end after {way}')
        if way == 'cancel' and self.code is not None:
            self.check_session()
        self.connection.close()

    def run(self, sql):
        try:
            self.connection.execute(sql)
            self.code = 'ok'
        except psycopg.Error as error:
            self.code, self.message = error.sqlstate, str(error)

    @staticmethod
    def cut(way, pid):
        try:
            administrator(WAYS[way].replace('@', str(pid)))
        except psycopg.Error:
            pass  # it has ended by itself, or all sessions have been ended

    def check_session(self):
        """A cancelled call leaves the session as it was."""
        locks, path = self.connection.execute(
            "SELECT (SELECT string_agg(concat_ws(' ', locktype, mode, relation::regclass), ', ') FROM pg_locks"
            " WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND (relation >= 16384) IS NOT FALSE),"
            " current_setting('search_path')").fetchone()
        if locks:
            raise Fault(f'locks after a cancel: {locks}')
        if path != '"$user", public':
            raise Fault(f'search_path after a cancel: {path}')


class Kills:
    """Rounds of one directory, up and down again."""

    name, unit, group, share = 'kills', 'interrupted calls', 1, .02
    before = 'CREATE SCHEMA s1;'

    def __init__(self, place, label):
        self.place, self.database, self.counts = place, f'fuzz_kills_{label}', {}

    def run(self, random, log, seed):
        folder = Folder(self.place, log)
        expected = write(random, folder)
        new_database(self.database)
        with connect(self.database) as connection:
            connection.execute(self.before)
        try:
            cuts = self.direction(random, log, f"CALL migrate.up('{folder.path}')", True)
            self.check_complete(expected)
            cuts += self.direction(random, log, 'CALL migrate.down(everything => true)', False)
            self.check_empty()
        except Fault as fault:
            fault.folder = folder
            raise
        return cuts

    def direction(self, random, log, sql, up):
        cuts = 0
        for number in range(TRIES):
            way = random.choices(list(OFTEN), OFTEN.values())[0] if number < CUTS else None
            log.note(f'{way}')
            log.sql(sql)
            call = Cut(self.database, sql, way, PATIENCE if way is None else random.expovariate(1 / .05))
            if call.was_cut:
                cuts += 1
                self.counts[way] = self.counts.get(way, 0) + 1
            if call.code != 'ok' and call.code not in ENDS:
                raise Fault(f'after {way}: {call.code} {call.message}')
            self.check_agreement(up, f'{way}, {call.code}')
            if call.code == 'ok':
                return cuts
        raise Fault('it is not through')

    def state(self):
        """Tables and migrations, as soon as nobody else is connected."""
        for _ in range(PATIENCE):
            try:
                with connect(self.database) as connection:
                    for _ in range(PATIENCE * 20):
                        if connection.execute(OTHERS).fetchone()[0] == 0:
                            break
                        threading.Event().wait(.05)
                    tables = {row[0] for row in connection.execute(TABLES)}
                    applied = {int(version): state for version, state in 
                               connection.execute('SELECT version, state FROM migrate.applied')}
                    shown = connection.execute('SELECT version, state FROM migrate.status()').fetchall()
                    return tables, applied, shown
            except psycopg.OperationalError:
                continue  # another backend was killed
        raise Fault('the server does not stay up')

    def check_agreement(self, up, after):
        tables, applied, shown = self.state()
        whole = {version for version, state in applied.items() if state == 'applied'}
        if whole - tables or (tables - set(applied) if up else set()):
            raise Fault(f'{after}: tables {sorted(tables)}, history {applied}')
        if [version for version, state in shown if state == 'running']:
            raise Fault(f'{after}: something is running')

    def check_complete(self, expected):
        _, applied, _ = self.state()
        if len(applied) != MIGRATIONS or set(applied.values()) != {'applied'}:
            raise Fault(f'in the end the history has {applied}')
        with connect(self.database) as connection:
            for table, rows in expected.items():
                found = connection.execute(f'SELECT count(*) FROM {table}').fetchone()[0]
                if found != rows:
                    raise Fault(f'{table} has {found} rows instead of {rows}')
            invalid = connection.execute(INVALID).fetchall()
            if invalid:
                raise Fault(f'INVALID indexes are left: {invalid}')

    def check_empty(self):
        tables, applied, _ = self.state()
        if tables or applied:
            raise Fault(f'in the end there are tables {tables}, history {applied}')

    def failed(self):
        pass

    def end(self):
        drop_database(self.database)
