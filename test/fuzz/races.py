"""Several sessions that call everything on the same two histories, in transactions and
outside, with timeouts and cancels: afterwards history and tables agree, and nothing ran
twice."""

import random as randoms
import threading
import time

import psycopg

from server import PATIENCE, Fault, Folder, Log, Session, connect, drop_database, new_database

SESSIONS = 4
SECONDS = 4
MIGRATIONS = 6

# Calls; @d is the directory, @k the history, @c what is chosen.  A new routine is a line.
CALLS = [
    "SELECT * FROM migrate.apply('@d', @k@c)", "CALL migrate.up('@d', @k@c)", "CALL migrate.up('@d', @k@c)",
    'SELECT * FROM migrate.rollback(@k@c)', 'CALL migrate.down(@k@c)', "SELECT * FROM migrate.redo('@d', @k)",
    "SELECT * FROM migrate.refresh('@d', @k)", "SELECT * FROM migrate.status('@d', @k)", "SELECT * FROM migrate.plan('@d', @k)",
    "SELECT * FROM migrate.check('@d', @k)", "SELECT migrate.is_current('@d', @k)", 'SELECT * FROM migrate.activity()',
    'SELECT migrate.version(@k)', "SELECT * FROM migrate.repair('@d', @k)",
    'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', 'ROLLBACK',
    "SET lock_timeout = '50ms'", 'SET lock_timeout = 0', "SET migrate.lock_retries = 2; SET migrate.lock_retry_delay = '1ms'",
    'SELECT pg_sleep(0.05)',
]
CHOICES = ['', '', ', steps => 1', ', steps => 2', ", target => '4'"]
KEYS = ["project => 'p'"] * 4 + ["project => 'p', schema => 's1'"]
# What a call may end with among others.
CODES = {'ok', '55P03', '40P01', '40001', '57014', '55000', '25001', '25P02', '42704', '2D000'}


def write(random, folder):
    for number in range(1, MIGRATIONS + 1):
        up = f'CREATE TABLE r{number} (a int);\nINSERT INTO r{number} VALUES (1);\n'
        if random.random() < .3:
            up += f'CREATE INDEX CONCURRENTLY r{number}_a ON r{number} (a);\n'
        if random.random() < .2:
            up += 'SELECT pg_sleep(0.03);\n'
        if random.random() < .2:
            up += f'COMMIT;\nVACUUM r{number};\nBEGIN;\nINSERT INTO r{number} VALUES (2);\n'
        if random.random() < .2 and number > 1:
            up += f'ALTER TABLE r{number - 1} ADD IF NOT EXISTS b int;\n'
        down = f'DROP TABLE r{number};\n'
        if random.random() < .3 and number < MIGRATIONS:
            down = f'ALTER TABLE r{number} ADD z int;\nCOMMIT;\nBEGIN;\n' + down
        folder.write(f'{number}_m.up.sql', up)
        folder.write(f'{number}_m.down.sql', down)


class Racer(threading.Thread):
    """A session that calls at random until the time is over."""

    def __init__(self, seed, database, directory, end):
        super().__init__()
        self.random, self.directory, self.end = randoms.Random(seed), directory, end
        self.log, self.counts, self.fault = Log(), {}, None
        self.session = Session(database, self.log, watch=False)
        self.session.run('SET client_min_messages = error')

    def run(self):
        try:
            in_transaction = False
            while time.monotonic() < self.end:
                in_transaction = self.step(in_transaction)
            self.check_end(in_transaction)
        except Exception as error:  # shown by the main thread
            self.fault = error

    def check_end(self, in_transaction):
        """The last cancel may come late, and meet the questions."""
        for _ in range(10):
            try:
                if in_transaction:
                    self.session.run('ROLLBACK')
                self.session.expect()
                self.session.check_state()
                return
            except psycopg.errors.QueryCanceled:
                time.sleep(.1)

    def step(self, in_transaction):
        random = self.random
        sql = random.choice(CALLS).replace('@d', self.directory).replace('@k', random.choice(KEYS)).replace('@c', random.choice(CHOICES))
        if in_transaction and (sql.startswith('BEGIN') or random.random() < .4):
            sql = random.choice(['COMMIT', 'ROLLBACK'])
        if not in_transaction and sql in ('COMMIT', 'ROLLBACK'):
            return False
        result = self.session.run(sql)
        self.counts[result.code] = self.counts.get(result.code, 0) + 1
        if result.code not in CODES:
            raise Fault(f'{sql}: {result}')
        if sql.startswith('BEGIN'):
            return result.ok or in_transaction
        # a cancel may meet the COMMIT, which then has rolled back
        return False if sql in ('COMMIT', 'ROLLBACK') else in_transaction


class Races:
    """Rounds of a few seconds."""

    name, unit, group, share = 'races', 'calls', 1, .02
    before = ''

    def __init__(self, place, label):
        self.place, self.database, self.counts = place, f'fuzz_races_{label}', {}

    def run(self, random, log, seed):
        folder = Folder(self.place, log)
        write(random, folder)
        new_database(self.database)
        self.session = Session(self.database, log)
        self.session.run('CREATE SCHEMA s1')
        end = time.monotonic() + SECONDS
        racers = [Racer(seed * SESSIONS + number, self.database, folder.path, end) for number in range(SESSIONS)]
        self.race(random, racers)
        for racer in racers:
            for line in racer.log.lines:
                log.note(f'{racer.session.pid}: {line}')
            for code, count in racer.counts.items():
                self.counts[code] = self.counts.get(code, 0) + count
            if racer.fault is not None:
                raise Fault(f'{racer.session.pid}: {racer.fault}')
            racer.session.close()
        self.session.expect()
        for schema, key in (('public', "project => 'p'"), ('s1', "project => 'p', schema => 's1'")):
            self.finish(schema, key, folder.path)
        self.session.close()
        return sum(sum(racer.counts.values()) for racer in racers)

    def race(self, random, racers):
        for racer in racers:
            racer.start()
        limit = time.monotonic() + PATIENCE
        with connect('postgres') as other:
            while any(racer.is_alive() for racer in racers):
                if time.monotonic() > limit:
                    raise Fault('sessions wait for each other')
                threading.Event().wait(random.random() * .3)
                if random.random() < .3:
                    other.execute('SELECT pg_cancel_backend(%s)', [random.choice(racers).session.pid])

    def agree(self, schema, when):
        rows, name = self.session.rows, '' if schema == 'public' else schema
        tables = {int(table[1:]) for table, in rows(
            f"SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname ~ '^r[0-9]$' AND relnamespace = '{schema}'::regnamespace")}
        applied = {int(version): state for version, state in rows(f"SELECT version, state FROM migrate.applied WHERE schema = '{name}'")}
        if {version for version, state in applied.items() if state == 'applied'} - tables or tables - set(applied):
            raise Fault(f'{when}: tables {tables}, history {applied}')
        for version, count in rows("SELECT version, sum(CASE direction WHEN 'up' THEN 1 ELSE -1 END) FROM migrate.history"
                                   f" WHERE schema = '{name}' AND outcome = 'done' GROUP BY 1"):
            if count != (applied.get(int(version)) in ('applied', 'interrupted down')):
                raise Fault(f'{when}: {version} went up {count} times more than down, its state is {applied.get(int(version))}')

    def finish(self, schema, key, directory):
        """What is left can be completed."""
        session, name = self.session, '' if schema == 'public' else schema
        self.agree(schema, 'afterwards')
        if session.rows(f"SELECT 1 FROM migrate.applied WHERE state = 'interrupted down' AND schema = '{name}'"):
            session.rows(f'CALL migrate.down({key}, everything => true)')
        session.run("SET migrate.out_of_order = 'apply'")
        session.rows(f"CALL migrate.up('{directory}', {key})")
        self.agree(schema, 'in the end')
        if session.rows('SELECT 1 FROM pg_index WHERE NOT indisvalid'):
            raise Fault('an INVALID index is left')

    def failed(self):
        pass

    def end(self):
        drop_database(self.database)
