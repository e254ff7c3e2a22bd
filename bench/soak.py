#!/usr/bin/python3
"""bench/soak.py SECONDS SESSIONS: what bench/soak runs beside a throw-away cluster."""

import os
import random
import sys
import threading
import time

import psycopg

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'test', 'fuzz'))

from server import Fault, Folder, Log, connect, new_database  # noqa: E402

DATABASE = 'soak'
MIGRATIONS = 8
SCHEMAS = ('', 's1', 's2')
# project and schema of each history; that of goose keeps its table in step
IN_STEP = 'goose'
HISTORIES = [(project, schema) for project in ('p0', 'p1', 'p2', IN_STEP) for schema in SCHEMAS]
# @d is the directory, @k the history, @p its project
CALLS = [
    ("CALL migrate.up('@d', @k)", 8), ("CALL migrate.up('@d', @k, steps => 2)", 2), ("SELECT * FROM migrate.apply('@d', @k)", 3),
    ('CALL migrate.down(@k, steps => 1)', 3), ('CALL migrate.down(@k)', 2), ('SELECT * FROM migrate.rollback(@k)', 2),
    ("SELECT * FROM migrate.status('@d', @k)", 6), ("SELECT * FROM migrate.plan('@d', @k)", 4), ("SELECT * FROM migrate.check('@d', @k)", 2),
    ("SELECT migrate.is_current('@d', @k)", 4), ('SELECT * FROM migrate.activity()', 2), ('SELECT * FROM migrate.history(@k)', 1),
    ("CALL migrate.up_schemas('@d', '{s1,s2}', project => '@p')", 2), ("CALL migrate.up_schemas('@d', '{s2,s1}', project => '@p', on_error => 'continue')", 2),
    ("SELECT * FROM migrate.status_schemas('@d', project => '@p')", 2), ("SELECT * FROM migrate.redo('@d', @k)", 1),
    ("SELECT * FROM migrate.rehearse('@d', @k, budget => '100ms')", 1), ("SELECT * FROM migrate.verify('@d', @k, budget => '100ms')", 1),
    ("SELECT migrate.at_least('3', @k), migrate.version(@k)", 2), ("SELECT count(*) FROM migrate.drift()", 1),
    ("CALL migrate.wait_for('3', '50ms', @k)", 1),
]
CODES = {'ok', '55P03', '40P01', '40001', '57014', '57P01', '57P02', '57P03', '55000', '53300', None}
CANCEL, TERMINATE, CRASH = 'SELECT pg_cancel_backend(@)', 'SELECT pg_terminate_backend(@)', "COPY (SELECT 1 WHERE false) TO PROGRAM 'kill -KILL @'"
KILLS = [CANCEL] * 5 + [TERMINATE] * 3 + [CRASH]
# so many sessions stay from the last crash, in the first half, to the end; they are measured after so many calls
STAYING, WARM_UP = 4, 25
HELD = """
SELECT (SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'migrate%' OR name IN ('TopMemoryContext', 'CacheMemoryContext')),
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
       (SELECT count FROM descriptors)"""
# those of the server's own files are cached, and do not count
DESCRIPTORS = """COPY descriptors FROM PROGRAM 'find /proc/$PPID/fd/ ! -lname "$PWD/*" | wc -l'"""
# what caches and the memory of a session may grow by
MORE_BYTES, MORE_FILES = 4 << 20, 2


def key(history):
    return f"project => '{history[0]}', schema => '{history[1]}'"


def write(folder, prefix):
    """The migrations of a project, as pairs of files or as goose has them."""
    for number in range(1, MIGRATIONS + 1):
        table = f'{prefix}_{number}'
        up = f'CREATE TABLE {table} (a int);\nINSERT INTO {table} VALUES (1);\n'
        if number % 3 == 0:
            up += f'CREATE INDEX CONCURRENTLY {table}_a ON {table} (a);\n'
        if number % 4 == 0:
            up += f'COMMIT;\nBEGIN;\nINSERT INTO {table} VALUES (2);\n'
        if prefix == IN_STEP:
            folder.write(f'{number}_m.sql', f'-- +goose Up\n{up}-- +goose Down\nDROP TABLE {table};\n')
            continue
        folder.write(f'{number}_m.up.sql', up)
        folder.write(f'{number}_m.down.sql', f'DROP TABLE {table};\n')


class Client(threading.Thread):
    """Connects, calls, and connects again after it was killed; most of them also now and
    then on their own account, as applications do that start."""

    def __init__(self, number, directories, end):
        super().__init__()
        self.number = number
        self.random, self.directories, self.end = random.Random(number), directories, end
        self.stays = number < STAYING
        self.pid = None
        self.connection, self.calls, self.codes, self.fault, self.first, self.last = None, 0, {}, None, None, None

    def run(self):
        while time.monotonic() < self.end and self.fault is None:
            try:
                self.work()
            except psycopg.Error as error:
                self.count(error.sqlstate, str(error))
                self.connection = self.first = None
                time.sleep(self.random.random())
        if self.stays and self.connection is not None and self.first is not None:
            try:
                self.last = self.held()
            except psycopg.Error:
                self.first = None

    def held(self):
        self.connection.execute('CREATE TEMP TABLE IF NOT EXISTS descriptors (count int); TRUNCATE descriptors')
        self.connection.execute(DESCRIPTORS)
        return self.connection.execute(HELD).fetchone()

    def count(self, code, message):
        self.codes[code] = self.codes.get(code, 0) + 1
        if code not in CODES:
            self.fault = f'{code} {message}'

    def work(self):
        if self.connection is None or (not self.stays and self.random.random() < .1):
            if self.connection is not None:
                self.connection.close()
            self.connection = connect(DATABASE)
            self.connection.execute("SET client_min_messages = error; SET lock_timeout = '2s'; SET migrate.out_of_order = 'apply'")
            if self.number % 16 == 0:
                self.connection.execute('SET migrate.record_objects = on')
            self.pid = self.connection.info.backend_pid
            self.calls, self.first = 0, None
        history = self.random.choice(HISTORIES)
        sql = self.random.choices([call for call, _ in CALLS], [often for _, often in CALLS])[0]
        self.connection.execute(f"SET migrate.keep_in_step = {'on' if history[0] == IN_STEP else 'off'}")
        try:
            self.connection.execute(sql.replace('@d', self.directories[history[0]]).replace('@k', key(history)).replace('@p', history[0]))
            self.count('ok', '')
        except psycopg.Error as error:
            if self.connection.closed or self.connection.broken:
                raise
            self.count(error.sqlstate, str(error))
        self.calls += 1
        if self.stays and self.calls == WARM_UP:
            self.first = self.held()


def more_connections(sessions):
    """The server is started again by whoever has started it."""
    with connect('postgres') as connection:
        connection.execute(f'ALTER SYSTEM SET max_connections = {sessions + 20}')
        connection.execute("ALTER SYSTEM SET max_locks_per_transaction = 256")
        try:
            connection.execute("COPY (SELECT 1 WHERE false) TO PROGRAM 'kill -INT $(head -n 1 postmaster.pid)'")
            connection.execute('SELECT pg_sleep(60)')
        except psycopg.Error:
            pass
    while True:
        with connect('postgres') as connection:
            if int(connection.execute('SHOW max_connections').fetchone()[0]) == sessions + 20:
                return
        time.sleep(.2)


def kill_some(chosen, clients, seconds):
    """Cancel and terminate sessions to the end, but let those that stay; crash the server
    in the first half."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        time.sleep(chosen.uniform(1, 4))
        kill = chosen.choice(KILLS)
        if kill == CRASH and time.monotonic() > start + seconds / 2:
            kill = TERMINATE
        try:
            with connect('postgres') as connection:
                pids = [pid for pid, in connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s AND state = 'active'", [DATABASE])]
                if kill == TERMINATE:
                    pids = [pid for pid in pids if pid not in {client.pid for client in clients if client.stays}]
                if pids:
                    connection.execute(kill.replace('@', str(chosen.choice(pids))))
        except psycopg.Error:
            continue  # all sessions have been ended


def compare(connection, history):
    """The history, and the tables that there are."""
    project, schema = history
    applied = {int(version): state for version, state in connection.execute(
        'SELECT version, state FROM migrate.applied WHERE project = %s AND schema = %s', history)}
    tables = {int(name.rsplit('_', 1)[1]) for name, in connection.execute(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname ~ %s AND relnamespace = %s::regnamespace",
        [f'^{project}_[0-9]+$', schema or 'public'])}
    if {version for version, state in applied.items() if state == 'applied'} - tables or tables - set(applied):
        raise Fault(f'{history}: tables {tables}, history {applied}')
    for version, count in connection.execute(
            "SELECT version, sum(CASE direction WHEN 'up' THEN 1 ELSE -1 END) FROM migrate.history"
            " WHERE project = %s AND schema = %s AND outcome = 'done' GROUP BY 1", history):
        if count != (applied.get(int(version)) in ('applied', 'interrupted down')):
            raise Fault(f'{history}: {version} went up {count} times more than down')
    if project == IN_STEP:
        kept = {version for version, in connection.execute(f"SELECT version_id FROM {schema or 'public'}.goose_db_version")}
        # one that is undone half-way is there to the end
        if kept != {version for version, state in applied.items() if state != 'interrupted up'}:
            raise Fault(f'{history}: the table of goose has {kept}, history {applied}')
    return applied


def complete(directories):
    with connect(DATABASE) as connection:
        connection.execute("SET migrate.out_of_order = 'apply'")
        for history in HISTORIES:
            connection.execute(f"SET migrate.keep_in_step = {'on' if history[0] == IN_STEP else 'off'}")
            if 'interrupted down' in compare(connection, history).values():
                connection.execute(f'CALL migrate.down({key(history)}, steps => 1)')
            connection.execute(f"CALL migrate.up('{directories[history[0]]}', {key(history)})")
            if set(compare(connection, history).values()) != {'applied'}:
                raise Fault(f'{history} is not complete')
        if connection.execute('SELECT count(*) FROM pg_index WHERE NOT indisvalid').fetchone()[0]:
            raise Fault('an INVALID index is left')
        if connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()[0]:
            raise Fault('a lock for runs is left')


def main():
    seconds, sessions = int(sys.argv[1]), int(sys.argv[2])
    more_connections(sessions)
    new_database(DATABASE)
    with connect(DATABASE) as connection:
        connection.execute('CREATE SCHEMA s1; CREATE SCHEMA s2')
        for schema in SCHEMAS:
            connection.execute(f"CREATE TABLE {schema or 'public'}.goose_db_version (id serial, version_id bigint NOT NULL,"
                               " is_applied boolean NOT NULL, tstamp timestamp DEFAULT now())")
    directories = {}
    for project in sorted({project for project, _ in HISTORIES}):
        folder = Folder(project, Log())
        write(folder, project)
        directories[project] = folder.path
    end = time.monotonic() + seconds
    clients = [Client(number, directories, end) for number in range(sessions)]
    for client in clients:
        client.start()
    kill_some(random.Random(1), clients, seconds)
    for client in clients:
        client.join(120)
        if client.is_alive():
            raise Fault('a session does not end')
        if client.fault is not None:
            raise Fault(client.fault)
    lived = [client for client in clients if client.first and client.last]
    if not lived:
        raise Fault('no session has made enough calls to be measured')
    for client in lived:
        (bytes_, _, files), (last_bytes, locks, last_files) = client.first, client.last
        print(f'{client.calls} calls by one session: {bytes_} bytes and {files} descriptors after {WARM_UP} of them,'
              f' {last_bytes} and {last_files} at the end, {locks} locks')
        if locks or last_bytes > bytes_ + MORE_BYTES or last_files > files + MORE_FILES:
            raise Fault('that is more than caches need')
        client.connection.close()
    complete(directories)
    codes = {}
    for client in clients:
        for code, count in client.codes.items():
            codes[code] = codes.get(code, 0) + count
    print(f'{sum(codes.values())} calls by {sessions} sessions in {seconds} s: {codes}; {len(lived)} sessions measured')


main()
