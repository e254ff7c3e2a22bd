"""Scripts of statements on relations of every kind, right and wrong: whatever they say,
check() says what it finds, and what runs them has no internal error and leaves nothing."""

import os

from psycopg.types.json import Jsonb

import grammar
from server import Fault, Session, drop_database, new_database

SCRIPTS = 100  # of a round
SETTINGS = """
SET search_path = f, public;
SET client_min_messages = warning;
SET statement_timeout = '10s';
SET migrate.lock_retry_delay = '1ms';
SET migrate.large_table = 0;
"""
# Calls that leave nothing, and the share of the scripts that each is given.  What a run
# does is undone; sequences and prepared statements stay, which later statements must bear.
FILES = "files => %s, format => 'plain'"
CALLS = [
    ('check', 1, [f'SELECT count(*) FROM migrate.check({FILES})']),
    ('apply', 1, ['BEGIN', "SET LOCAL migrate.on_findings = 'warn'", 'SAVEPOINT before', f'SELECT count(*) FROM migrate.apply({FILES})',
                  'ROLLBACK TO before', 'ROLLBACK']),
    ('rehearse', .1, [f"SELECT count(*) FROM migrate.rehearse({FILES}, budget => '5s')"]),
    ('verify', .1, [f"SELECT count(*) FROM migrate.verify({FILES}, budget => '5s')"]),
]


def setup():
    with open(os.path.join(grammar.FACTS, 'setup.sql'), encoding='utf-8') as file:
        return f'CREATE SCHEMA f; SET search_path = f, public;\n{file.read()}{grammar.MORE}RESET search_path;'


class Statements:
    """Rounds, one for each seed: a session and its scripts."""

    name, unit, group, share = 'statements', 'scripts', 1, .2
    before = setup()

    def __init__(self, place, label):
        self.database, self.session, self.counts, self.made = f'fuzz_statements_{label}', None, {}, False

    def connect(self, log):
        if not self.made:
            new_database(self.database)
        self.session = Session(self.database, log)
        if not self.made:
            self.session.log = type(log)()
            self.session.rows(self.before)
            self.session.log, self.made = log, True
        self.session.run("LOAD 'migrate'")
        self.session.rows(SETTINGS + grammar.TEMPORARY)
        self.session.expect()

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def check_findings(self, result):
        """Whatever is wrong in a script is a finding."""
        if result.ok:
            self.count('findings', result.rows[0][0])
        elif result.code != '57014':
            raise Fault(f'check failed: {result}')

    def call(self, name, statements, files):
        for sql in statements:
            result = self.session.run(sql, files) if '%s' in sql else self.session.run(sql)
            if '%s' in sql:
                self.count(name)
                self.count(f'{name} works', result.ok)
                if name == 'check':
                    self.check_findings(result)
        self.session.check_state()

    def run(self, random, log, seed):
        self.connect(log)
        for _ in range(SCRIPTS):
            files = Jsonb({'1_one.sql': grammar.script(random)})
            for name, share, statements in CALLS:
                if share == 1 or random.random() < share:
                    self.call(name, statements, files)
        self.session.close()
        return SCRIPTS

    def failed(self):
        """The next round begins with a new database."""
        if self.session is not None:
            self.session.close()
        self.made = False

    def end(self):
        drop_database(self.database)
