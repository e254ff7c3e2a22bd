"""Directories of all formats, made at random and changed at random: whatever is in
them, nothing crashes, what cannot run leaves nothing, and all routines agree."""

import os

import formats
import mutations
import scripts
from server import Fault, Folder, Session, drop_database, new_database

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'migrations')

# A session that has run many directories is replaced by one with a new database.
ROUNDS_OF_A_DATABASE = 100

# What there is in a schema, without its name.
OBJECTS = """
SELECT coalesce(string_agg(x, ' ' ORDER BY x COLLATE "C"), '') FROM (
  SELECT c.relkind::text || c.relname || CASE WHEN c.relkind IN ('i', 'I') THEN (SELECT indisvalid::text FROM pg_index WHERE indexrelid = c.oid)
           ELSE coalesce((SELECT string_agg(attname || ':' || atttypid::regtype, ',' ORDER BY attnum)
                            FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), '') END AS x
    FROM pg_class c WHERE relnamespace = '@'::regnamespace
  UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = '@'::regnamespace AND typtype = 'e'
  UNION ALL SELECT 'routine ' || proname FROM pg_proc WHERE pronamespace = '@'::regnamespace) AS a"""
RECORDS = """
SELECT (SELECT md5(string_agg(h::text, ' ' ORDER BY id)) FROM migrate.history h WHERE schema = '@'),
       (SELECT md5(string_agg(a::text, ' ' ORDER BY sort_key)) FROM migrate.applied a WHERE schema = '@')"""

# Calls that change nothing, whatever they say; % is the directory and its format.  A
# new routine is a line here, and a comparison below if there is something to compare.
SHOWING = [
    ('check', "SELECT * FROM migrate.check(%, schema => 'sa')"),
    ('is_current', "SELECT migrate.is_current(%, schema => 'sa')"),
    ('at_least', "SELECT migrate.at_least('2', schema => 'sa')"),
    ('version', "SELECT migrate.version(schema => 'sa')"),
    ('history', "SELECT * FROM migrate.history(schema => 'sa')"),
    ('activity', 'SELECT * FROM migrate.activity()'),
    ('objects', "SELECT * FROM migrate.objects(ARRAY['sa'])"),
    ('rehearse', "SELECT * FROM migrate.rehearse(%, schema => 'sa', budget => '1s')"),
    ('verify', "SELECT * FROM migrate.verify(%, schema => 'sa', budget => '1s')"),
    ('drift', "SELECT * FROM migrate.drift(schema => 'sa')"),
    ('status_schemas', "SELECT * FROM migrate.status_schemas(%, schemas => ARRAY['sa', 'sb'])"),
]
UNDOING = [
    "rollback(everything => true, schema => 'sa')", "reset(schema => 'sa')",
    "rollback(everything => true, force => true, schema => 'sa')", "rollback(everything => true, dir => '%', schema => 'sa')",
    "redo(dir => '%', schema => 'sa')", "refresh(dir => '%', schema => 'sa')", "refresh(schema => 'sa')",
    "rollback(steps => 2, schema => 'sa')",
]
ELSEWHERE = [
    "SELECT * FROM migrate.baseline(dir => '%', project => 'b')", "SELECT * FROM migrate.status(dir => '%', project => 'b')",
    "SELECT * FROM migrate.rollback(force => true, project => 'b')", "SELECT * FROM migrate.adopt(dir => '%', project => 'c')",
    "SELECT * FROM migrate.baseline(dir => '%', script => 'inc.sql', project => 'd')",
]

# Settings, some of which a round may have.
SETTINGS = [
    "migrate.on_modified = 'warn'", "migrate.out_of_order = 'apply'", "migrate.lock_retries = 1", "migrate.lock_wait = 'poll'",
    "migrate.on_findings = 'warn'", "migrate.on_findings = 'error'", "migrate.on_findings = 'strict'", 'migrate.large_table = 0',
    "migrate.notify_channel = 'fuzz'", "migrate.contexts = '*'", 'migrate.callbacks_always = on', 'migrate.record_objects = on',
    'migrate.keep_in_step = on', "migrate.schema_path = 'sb, so'",
]
ALWAYS = "RESET ALL; SET statement_timeout = '30s'; SET migrate.lock_retry_delay = '1ms'; SET migrate.lock_poll_limit = '10ms'"

# Scripts that say where they run, or that make something outside of the schema, do not
# work twice in a database; so up() fails where apply() did not.
EXISTS = ('42P06', '42710', '42704', '42P07', '42883', '42723', '42P01', '58P01', '2BP01', '42703', '3F000')
# Errors that one transaction has, or that only up() does not have.
ONE_TRANSACTION = ('25001', '2D000', '55P04', '53200', '25P01', '55006')


def fixtures():
    """The directories of test/migrations, each a dict of its files."""
    found = {}
    for root, _, files in sorted(os.walk(FIXTURES)):
        name = os.path.relpath(root, FIXTURES)
        parts = name.split('/')
        top = '/'.join(parts[:2] if parts[0] == 'bad' else parts[:1])
        if top == '.' or top == 'bad':
            continue
        for file in sorted(files):
            path = os.path.join(root, file)
            if os.path.getsize(path) < 200000:
                with open(path, 'rb') as opened:
                    found.setdefault(top, {})[os.path.relpath(path, os.path.join(FIXTURES, top))] = opened.read()
    return found


# How a directory comes about: by function, and how often.

def generated(random, folder, made):
    name = random.choice(list(formats.FORMATS))
    formats.generate(random, folder, name, random.random() < .7)
    if random.random() < .15:
        mutations.change_folder(random, folder)
    return name


def fixture(random, folder, made):
    name = random.choice(sorted(made))
    for file, data in made[name].items():
        folder.write(file, data)
    mutations.change_folder(random, folder)
    return name


def mixed(random, folder, made):
    """Two formats in one."""
    name = generated(random, folder, made)
    formats.generate(random, folder, random.choice(list(formats.FORMATS)), True)
    return name


def dense(random, folder, made):
    """Text of nothing but tokens, some of them behind what a format needs."""
    name = random.choice(list(formats.FORMATS))
    formats.generate(random, folder, name, False)
    for file in [file for file in folder.files if file.endswith('.sql')] + ['a.sql', 'b.sql']:
        if random.random() < .6:
            old = folder.files.get(file, b'').decode()
            new, at = scripts.tokens(random), random.randint(0, len(old))
            folder.write(file, random.choice([new, old[:at] + new + old[at:], old + new, old.split('\n')[0] + '\n' + new]))
    return name


def altering(random, folder, made):
    """Statements on objects that exist."""
    for number in range(1, random.randint(1, 3) + 1):
        statements = [scripts.ddl(random) for _ in range(random.choice([1, 1, 2, 4]))]
        folder.write(f'{number}_m.sql', scripts.join(random, statements, False))
    return 'plain'


WAYS = [generated] * 5 + [fixture] * 3 + [mixed] + [dense] + [altering] * 6


class Round:
    """One directory."""

    def __init__(self, random, session, folder, name, unchanged, schema='sa'):
        self.random, self.session, self.folder, self.name, self.schema = random, session, folder, name, schema
        format_ = formats.argument(name) if name in formats.FORMATS else None
        if not unchanged:
            format_ = random.choice([None, None, format_])
        if random.random() < .05:
            format_ = formats.argument(random.choice(list(formats.FORMATS)))
        vars_ = random.choice(scripts.VARS)
        self.of_format = f"format => '{format_}'" if format_ else 'format => NULL'
        self.directory = f"dir => '{folder.path}', {self.of_format}"
        self.vars = ", vars => '" + vars_.replace("'", "''") + "'" if vars_ else ''
        self.texts = folder.texts()

    def objects(self, schema):
        return self.session.quietly(OBJECTS.replace('@', schema))[0][0].replace(schema + '.', '')

    def kept(self, schema):
        return self.session.quietly(RECORDS.replace('@', schema))[0], self.objects(schema or 'public')

    def prepare(self):
        run = self.session.run
        run("DEALLOCATE ALL; CLOSE ALL; DISCARD TEMP; UNLISTEN *")
        run('SET client_min_messages = error; DROP SCHEMA IF EXISTS sa CASCADE; DROP SCHEMA IF EXISTS sb CASCADE; CREATE SCHEMA sa; CREATE SCHEMA sb; RESET client_min_messages')
        run('DELETE FROM migrate.applied; DELETE FROM migrate.history')

    # Each of these is a statement that is true of every directory.

    def files_are_the_same(self, what, sql):
        """A call with the files and one with the directory have the same result."""
        if self.texts is None:
            return
        disk = self.session.run(sql.replace('%', self.directory))
        sent = self.session.run(sql.replace('%', f'files => %s, {self.of_format}'), self.texts)
        if disk.code != sent.code or disk.rows != sent.rows:
            raise Fault(f'{what}: from disk {disk}, as files {sent}' + difference(disk, sent))

    def digests_are_the_same(self, what, sql):
        """Without the digests, all files are parsed."""
        run, results = self.session.run, []
        for condition in ('false', 'true'):
            run('BEGIN')
            run(f'UPDATE migrate.applied SET digest = NULL WHERE {condition}')
            results.append(run(sql.replace('%', self.directory)))
            run('ROLLBACK')
        if results[0].code != results[1].code or results[0].rows != results[1].rows:
            raise Fault(f'{what}: with digests {results[0]}, without {results[1]}' + difference(*results))

    def failed_run_leaves_nothing(self, sql, schema='sa'):
        before = self.kept(schema)
        result = self.session.call(sql)
        if not result.ok and self.kept(schema) != before:
            raise Fault(f'a call that failed left something: {sql}: {result}: {self.objects(schema)}')
        return result

    def plan_agrees(self, plan, applied):
        self.outcome = 'applied' if applied.ok else 'refused' if plan.ok else 'unreadable'
        if not applied.ok:
            return
        if not plan.ok:
            raise Fault(f'plan failed, apply did not: {plan}')
        stops = [row[-1] for row in plan.rows if (row[-1] or '').startswith('error') or 'which stops' in (row[-1] or '')]
        if stops:
            raise Fault(f'plan shows errors, apply had none: {stops}')

    def nothing_is_left_to_do(self):
        plan = self.session.call(f"SELECT version, note FROM migrate.plan({self.directory}{self.vars}, schema => 'sa')")
        passed = ('as always', 'replaced by a ', 'of which the last one runs')
        left = {row[0] for row in plan.rows or ()} - {row[0] for row in plan.rows or () if any(note in (row[1] or '') for note in passed)}
        if plan.ok and left:
            raise Fault(f'after apply, plan has {sorted(left)}')
        current = self.session.call(f"SELECT migrate.is_current({self.directory}, schema => 'sa')")
        if plan.ok and not plan.rows and current.ok and current.rows != [(True,)]:
            raise Fault('after apply, the directory is not current')

    def up_agrees(self, applied, up):
        if applied.ok and up.ok:
            if self.objects('sa') != self.objects('sb'):
                raise Fault(f"apply and up differ: {self.objects('sa')} <> {self.objects('sb')}")
        elif applied.ok and up.code not in EXISTS:
            raise Fault(f'apply worked, up did not: {up}')
        elif up.ok and applied.code not in ONE_TRANSACTION and 'CALL' not in applied.message:
            raise Fault(f'up worked, apply did not: {applied}')

    def nothing_is_applied(self, schema, sql):
        if self.session.quietly(f"SELECT count(*) FROM migrate.applied WHERE schema = '{schema}'")[0][0] != 0:
            raise Fault(f'{sql} left rows')

    # Rounds.

    def quick(self):
        """What reads, and a run that is rolled back."""
        plan_sql = f"SELECT * FROM migrate.plan(%{self.vars}, schema => '{self.schema}')"
        self.files_are_the_same('plan', plan_sql)
        self.files_are_the_same('status', f"SELECT * FROM migrate.status(%, schema => '{self.schema}')")
        self.files_are_the_same('check', f"SELECT * FROM migrate.check(%{self.vars}, schema => '{self.schema}')")
        plan = self.session.run(plan_sql.replace('%', self.directory))
        self.session.run('BEGIN')
        applied = self.session.run(f"SELECT count(*) FROM migrate.apply({self.directory}{self.vars}, schema => '{self.schema}')")
        self.session.run('ROLLBACK')
        self.session.check_state()
        self.plan_agrees(plan, applied)

    def full(self):
        random, call = self.random, self.session.call
        plan = call(f"SELECT * FROM migrate.plan({self.directory}{self.vars}, schema => 'sa')")
        self.files_are_the_same('plan', f"SELECT * FROM migrate.plan(%{self.vars}, schema => 'sa')")
        self.show()
        apply = 'apply' if self.texts is None or random.random() < .5 else 'files'
        if apply == 'apply':
            applied = self.failed_run_leaves_nothing(f"SELECT * FROM migrate.apply({self.directory}{self.vars}, schema => 'sa')")
        else:
            files = self.session.cursor.mogrify('%s', [self.texts])
            applied = self.failed_run_leaves_nothing(f"SELECT * FROM migrate.apply(files => {files}, {self.of_format}{self.vars}, schema => 'sa')")
        self.plan_agrees(plan, applied)
        if applied.ok:
            self.nothing_is_left_to_do()
        self.digests_are_the_same('status', "SELECT * FROM migrate.status(%, schema => 'sa')")
        self.digests_are_the_same('plan', f"SELECT * FROM migrate.plan(%{self.vars}, schema => 'sa')")
        self.session.run('DEALLOCATE ALL; CLOSE ALL; DISCARD TEMP; UNLISTEN *')
        up_sql = f"CALL migrate.up({self.directory}{self.vars}, schema => 'sb')"
        up = call(up_sql)
        self.up_agrees(applied, up)
        self.show()
        self.files_are_the_same('status', "SELECT * FROM migrate.status(%, schema => 'sb')")
        if not up.ok:
            call(up_sql)
        if random.random() < .3:
            self.change()
        if applied.ok:
            self.undo()
        self.down()
        if random.random() < .2:
            for sql in ELSEWHERE:
                self.failed_run_leaves_nothing(sql.replace('%', self.folder.path), '')
        if random.random() < .1:
            call(f"SELECT migrate.create('x y', '{self.folder.path}')")

    def show(self):
        before = self.kept('sa')
        for name, sql in SHOWING:
            if self.random.random() < .4:
                self.session.call(sql.replace('%', self.directory))
                if self.kept('sa') != before:
                    raise Fault(f'{name} has changed something')

    def change(self):
        mutations.change_folder(self.random, self.folder)
        self.texts = self.folder.texts()
        for sql in (f"SELECT * FROM migrate.plan({self.directory}{self.vars}, schema => 'sb')",
                    f"SELECT * FROM migrate.check({self.directory}{self.vars}, schema => 'sb')",
                    f"SELECT * FROM migrate.repair({self.directory}, schema => 'sb')",
                    f"CALL migrate.up({self.directory}{self.vars}, schema => 'sb')"):
            self.digests_are_the_same('status', "SELECT * FROM migrate.status(%, schema => 'sb')")
            self.session.call(sql)
        self.files_are_the_same('status', "SELECT * FROM migrate.status(%, schema => 'sb')")

    def undo(self):
        what = self.random.choice(UNDOING).replace('%', self.folder.path)
        result = self.failed_run_leaves_nothing(f'SELECT * FROM migrate.{what}')
        if result.ok and ('everything' in what or 'reset' in what):
            self.nothing_is_applied('sa', what)

    def down(self):
        more = self.random.choice(['', '', ', force => true', f", dir => '{self.folder.path}'"])
        for sql in (f"CALL migrate.down(everything => true, schema => 'sb'{more})",
                    "CALL migrate.down(everything => true, force => true, schema => 'sb')"):
            result = self.session.call(sql)
            if result.ok:
                self.nothing_is_applied('sb', sql)
                break


def difference(one, other):
    """The first rows that differ."""
    for left, right in zip(one.rows or (), other.rows or ()):
        if left != right:
            return f': {left} <> {right}'
    return ''


class Directories:
    """Rounds, one for each seed."""

    name, unit, group, share = 'directories', 'directories', 50, 1
    before = f'CREATE SCHEMA so; SET search_path = so; {scripts.EXISTING} ANALYZE; RESET search_path;'

    def __init__(self, place, label):
        self.place, self.database, self.session, self.rounds = place, f'fuzz_directories_{label}', None, 0
        self.made, self.clean = fixtures(), False
        self.counts = {}

    def connect(self, log):
        if self.session is not None:
            self.session.close()
        new_database(self.database)
        self.session = Session(self.database, log)
        self.clean, self.settings = False, None
        self.session.run("LOAD 'migrate'")
        self.session.rows(self.before)

    def change_settings(self, random):
        chosen = random.sample(SETTINGS, random.randint(1, 3)) if random.random() < .2 else []
        self.session.run('; '.join([ALWAYS] + [f'SET {setting}' for setting in chosen]))
        if chosen != self.settings:
            self.session.expect()
        self.settings = chosen

    def run(self, random, log, seed):
        if self.session is None or self.rounds % ROUNDS_OF_A_DATABASE == 0:
            self.connect(log)
        self.rounds += 1
        self.session.log = log
        self.change_settings(random)
        folder = Folder(f'{self.place}-{seed}', log)
        way = random.choice(WAYS)
        name = way(random, folder, self.made)
        round_ = Round(random, self.session, folder, name, way in (generated, altering), 'so' if way is altering else 'sa')
        kind = 'quick' if way in (dense, altering) or random.random() < .8 else 'full'
        if kind == 'full' or not self.clean:
            round_.prepare()
        self.clean = kind == 'quick'
        try:
            getattr(round_, kind)()
        except Exception as error:
            error.folder = folder
            raise
        folder.delete()
        for what in (kind, f'{kind} {round_.outcome}'):
            self.counts[what] = self.counts.get(what, 0) + 1
        return 1

    def failed(self):
        """The next round begins with a new session."""
        if self.session is not None:
            self.session.close()
        self.session = None

    def end(self):
        if self.session is not None:
            self.session.close()
            drop_database(self.database)
