"""Random calls on histories whose files change on the way, each compared with the
model: its result, the history, the tables, the notifications and what shows them."""

import json

from edits import LARGE, Directory, identify
from effects import REPEATABLE
from model import Model
from routines import ROUTINES, History
from server import Fault, Session, drop_database, new_database
from tools import IN_STEP, TOOLS, Tools

# Histories with the same settings in one database.  Those with the same letter have the
# same directory, and schemas of their own.
KEYS = [('p1', '', 'a'), ('p2', '', 'b'), ('p1', 's1', 'c'), ('p1', 's2', 'c'), ('p1', 's3', 'c')]
OFTEN = [3, 3, 3, 1, 1]

# The settings, each with the values it can have, most often the first one.  Those that
# the model looks at are on_modified, out_of_order, notify_channel, allow_sync,
# callbacks_always, keep_in_step, and on_findings with large_table; the others must not
# matter here.
SETTINGS = {
    'on_modified': ['error', 'warn', 'ignore'],
    'out_of_order': ['error', 'apply'],
    'notify_channel': ['', 'fuzz'],
    'lock_retries': ['0', '2'],
    'lock_retry_delay': ['1s', '1ms'],
    'lock_wait': ['queue', 'poll'],
    'lock_poll_limit': ['5s', '1ms'],
    'on_findings': ['ignore', 'warn', 'error', 'strict'],
    'large_table': ['0', '10MB'],
    'record_objects': ['off', 'off', 'off', 'on'],
    'allow_sync': ['on', 'off'],
    'callbacks_always': ['off', 'on'],
    'top_level': ['session', 'worker'],
    'verify_scripts': ['auto', 'on', 'off'],
    'keep_in_step': ['off', 'on', 'on'],
    'schema_path': ['', 'public'],
    'contexts': ['', '*', 'a,!b'],
    'labels': ['', '*'],
}

STATES = {'applied': 'applied', 'interrupted up': 'up', 'interrupted down': 'down'}

ROWS = """
SELECT version, name, state, CASE WHEN state = 'applied' THEN 0 ELSE done END, baseline, batch
  FROM migrate.applied WHERE project = '{0}' AND schema = '{1}' ORDER BY history_id"""
EVENTS = """
SELECT kind, version, name, direction, outcome FROM migrate.history
 WHERE project = '{0}' AND schema = '{1}' AND id > {2} ORDER BY id"""
BATCH = "SELECT max(batch) FROM migrate.history WHERE project = '{0}' AND schema = '{1}'"
TABLES = """
SELECT relname::text FROM pg_class
 WHERE relkind = 'r' AND relnamespace = '{}'::regnamespace AND relname ~ '^{}[0-9]'"""


class Comparison:
    """What the database has of a history after a call, beside the model."""

    def __init__(self, session, history):
        self.session, self.history, self.model = session, history, history.model
        self.names = (history.project, history.schema)

    def differ(self, what, expected, found):
        if expected != found:
            raise Fault(f'{what}: the model has {expected}, the server {found}')

    def result(self, call, expected, got):
        code, versions, why = expected
        if got.code != code:
            raise Fault(f'{call.name}: the model has {code} {why or versions}, the server {got}')
        if got.ok and call.name == 'up_schemas':
            self.differ(call.name, versions, got.rows[0])
        elif got.ok and call.commits:
            self.differ(call.name, len(versions), got.rows[0][0])
        elif got.ok:
            self.differ(call.name, versions, [identify(*row) for row in got.rows])

    def kept(self, last=None):
        """What the database has: the rows, the tables, and the events after "last"."""
        history = self.history
        queries = [ROWS.format(*self.names), TABLES.format(history.schema or 'public', history.prefix), BATCH.format(*self.names)]
        if last is not None:
            queries.append(EVENTS.format(*self.names, last))
        rows, tables, batches, *events = self.session.all_quietly(queries)
        self.rows(rows, batches)
        self.differ('tables', sorted(self.model.tables), sorted(row[0] for row in tables))
        if events:
            self.differ('migrate.history', self.model.events,
                        [(name if kind == 'callback' else identify(version, name), *row) for kind, version, name, *row in events[0]])

    def rows(self, found, batches):
        model = self.model
        self.differ('migrate.applied', [(row.version, row.name, row.state, row.done if row.state != 'applied' else 0, row.baseline)
                                        for row in model.rows],
                    [(identify(*row[:2]), row[1], STATES[row[2]], *row[3:5]) for row in found])
        new = {row[5] for row, known in zip(found, model.rows) if known.batch is None}
        if len(new) > 1 or any(batch <= model.highest_batch for batch in new):
            raise Fault(f'batches {sorted(new)} after {model.highest_batch}')
        for row, known in zip(found, model.rows):
            if known.batch is not None:
                self.differ(f'batch of {known.version}', known.batch, row[5])
            known.batch = row[5]
        model.highest_batch = max([model.highest_batch] + [row[5] for row in found] + [batch for batch, in batches if batch is not None])

    def tools(self):
        tables = self.model.tools.tables
        if not tables:
            return
        queries = [table.query(schema) for (schema, _), table in tables.items()]
        for ((_, format), table), found in zip(tables.items(), self.session.all_quietly(queries)):
            self.differ(f'table of {format}', table.rows, [row[0] if len(row) == 1 else row for row in found])

    def shown(self):
        model, history = self.model, self.history
        location, values = f"dir => '{history.folder.path}'", []
        if history.random.random() < .3:
            location, values = 'files => %s', [history.folder.texts()]
        arguments = f'{location}, {history.key()}'
        found = self.session.rows(f'SELECT version, name, state FROM migrate.status({arguments})', *values)
        self.differ('status', [(version, model.state(version)) for version in model.versions()],
                    [(identify(version, name), state) for version, name, state in found])
        asked = history.some_version()
        version, at_least = self.session.rows(
            f"SELECT migrate.version({history.key()}), migrate.at_least({history.number(asked)}, {history.key()})")[0]
        self.differ('version', model.version(), None if version is None else identify(version, ''))
        if asked < REPEATABLE:
            self.differ(f'at_least {asked}', any(int(row.version) == int(asked) and row.state == 'applied' for row in model.rows), at_least)
        if model.files:
            self.differ('is_current', model.is_current(),
                        self.session.value(f'SELECT migrate.is_current({arguments})', *values))
            self.plan(arguments, values)
            if history.random.random() < .04:
                self.tried(arguments, values)

    def plan(self, arguments, values):
        """What plan shows as what up would run."""
        code, versions, _ = self.model.call(True, self.model.plan_up, {}, True)
        if code != 'ok':
            return
        plan = self.session.rows(f'SELECT version, name, note FROM migrate.plan({arguments})', *values)
        passed = ('modified since it was applied', 'interrupted while going up', 'interrupted while going down', 'callback',
                  'replaced by a baseline file', 'baseline file, of which the last one runs, in an empty history')
        shown = [identify(version, name) for version, name, note in plan if note not in passed and version is not None]
        self.differ('plan', versions, list(dict.fromkeys(shown)))
        self.session.rows(f'SELECT count(*) FROM migrate.check({arguments})', *values)

    def tried(self, arguments, values):
        """What runs and is undone."""
        model, budget = self.model, ', budget => NULL'
        code, expected, why = model.show(model.verify)
        got = self.session.call(f'SELECT version, name, result FROM migrate.verify({arguments}{budget})', *values)
        if got.code != code:
            raise Fault(f'verify: the model has {code} {why or expected}, the server {got}')
        if got.ok:
            results = {}
            for version, name, result in got.rows:
                results.setdefault(version and identify(version, name), []).append(result)
            # what callbacks do counts as well, and what they leave is a row without a version
            if model.callbacks:
                self.differ('verify', sorted(expected), sorted(version for version in results if version is not None))
            else:
                self.differ('verify', expected, {version: each == ['reversible'] for version, each in results.items()})
        code, expected, why = model.show(model.rehearse)
        got = self.session.call(f'SELECT version, name, outcome FROM migrate.rehearse({arguments}{budget})', *values)
        if got.code != code:
            raise Fault(f'rehearse: the model has {code} {why or expected}, the server {got}')
        if got.ok:
            failed = [version and identify(version, name) for version, name, outcome in got.rows if outcome == 'failed']
            # the model does not know what callbacks fail at: it does not run what they leave
            if None not in failed:
                self.differ('rehearse', [] if expected is None else [expected], failed)
        self.kept()


class Drift:
    """What drift() says after a run that has recorded the objects, and after a change."""

    def __init__(self, session, random):
        self.session, self.random = session, random

    def differ(self, what, expected):
        found = self.session.rows('SELECT change, kind, name FROM migrate.drift()')
        if found != expected:
            raise Fault(f'drift {what}: {found} instead of {expected}')

    def check(self):
        self.differ('after a run', [])
        if self.random.random() < .3:
            self.session.rows('CREATE TABLE s1.by_hand (a int)')
            self.differ('after a table by hand', [('added', 'table', 's1.by_hand')])
            self.session.rows('DROP TABLE s1.by_hand')
            self.differ('after that is gone', [])


class Histories:
    """Runs of random calls, one for each seed; a step is a call that is compared."""

    name, unit, group, share = 'histories', 'steps', 10, .1
    before = 'CREATE SCHEMA s1; LISTEN fuzz;'
    steps = 80

    def __init__(self, place, label):
        self.place, self.database, self.session = place, f'fuzz_histories_{label}', None
        self.received, self.counts = [], {}

    def connect(self, log):
        if self.session is not None:
            self.session.close()
        new_database(self.database)
        self.session = Session(self.database, log)
        self.session.connection.add_notify_handler(lambda sent: self.received.append(json.loads(sent.payload)))
        self.session.run("LOAD 'migrate'")
        self.session.run(self.before)
        # names of routines and settings that this version has
        self.known = {name for name, in self.session.quietly(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'migrate'::regnamespace UNION ALL SELECT name FROM pg_settings")}

    def clear(self):
        schemas = ['public'] + [schema for _, schema, _ in KEYS if schema]
        self.session.run('SET client_min_messages = error; ' + '; '.join(
            [f'DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}' for schema in schemas] + [LARGE, 'RESET client_min_messages']))
        self.session.run('DELETE FROM migrate.applied; DELETE FROM migrate.history; DELETE FROM migrate.script; DELETE FROM migrate.object')

    def change_settings(self, random, settings):
        if random.random() > .1:
            return
        for name, values in SETTINGS.items():
            if f'migrate.{name}' not in self.known:
                continue
            settings[name] = random.choice(values) if random.random() < .5 else values[0]
            self.session.run(f"SET migrate.{name} = '{settings[name]}'")
        self.session.expect()

    def make_tools(self, random, histories, tools):
        """Tables of tools, in some schemas."""
        for history in histories:
            key = (history.model.schema, history.format)
            if history.format in IN_STEP and key not in tools.tables and random.random() < .6:
                tools.tables[key] = TOOLS[history.format]()
                self.session.rows(f'CREATE TABLE {key[0]}.{TOOLS[history.format].table} ({TOOLS[history.format].columns})')

    def make_histories(self, random, log):
        settings, tools, directories = {name: values[0] for name, values in SETTINGS.items()}, Tools(), {}
        histories = []
        for project, schema, letter in KEYS:
            if letter not in directories:
                directories[letter] = Directory(random, f'{self.place}-{letter}', letter, log)
            model = Model(settings, schema or 'public', directories[letter].format, tools)
            histories.append(History(random, project, schema, directories[letter], model, self.known))
        tenants = [history for history in histories if history.schema]
        for history in tenants:
            history.tenants = tenants
        self.make_tools(random, histories, tools)
        return histories, settings

    def run(self, random, log, seed):
        if self.session is None:
            self.connect(log)
        self.session.log = log
        self.clear()
        histories, settings = self.make_histories(random, log)
        self.session.run("RESET ALL; SET migrate.allow_sync = on; SET migrate.large_table = 0")
        self.session.expect()
        for step in range(self.steps):
            history, = random.choices(histories, OFTEN)
            try:
                for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
                    history.edit()
                self.change_settings(random, settings)
                self.change_by_hand(random, history)
                self.step(random, history)
            except Fault as fault:
                fault.folder = history.folder
                raise Fault(f'step {step}, {history.format}, {history.project} {history.schema}: {fault}') from fault
        return self.steps

    def change_by_hand(self, random, history):
        """A table that a migration would make, or another one: then it fails in one schema
        of several."""
        model = history.model
        if random.random() > .04:
            return
        if model.tables and random.random() < .3:
            table = random.choice(sorted(model.tables))
            self.session.rows(f'DROP TABLE {model.schema}.{table}')
            model.tables.discard(table)
            return
        names = [operation[1] for file in model.files.values() for transaction in file.up for operation in transaction if operation[0] == 'create']
        names = sorted(set(names) - model.tables)
        if names:
            table = random.choice(names)
            self.session.rows(f'CREATE TABLE {model.schema}.{table} (a int)')
            model.tables.add(table)

    def step(self, random, history):
        session = self.session
        routine, = random.choices([make for make, _ in ROUTINES], [often for _, often in ROUTINES])
        call = routine(history)
        for sql in call.prepare:
            session.rows(sql)
        before = [set(one.model.tables) for one in call.histories]
        last = session.quietly('SELECT coalesce(max(id), 0) FROM migrate.history')[0][0]
        expected = call.expected()
        self.received.clear()
        got = session.call(call.sql, *call.values)
        for sql in call.clean:
            session.rows(sql)
        self.counts[got.code] = self.counts.get(got.code, 0) + 1
        Comparison(session, history).result(call, expected, got)
        for one in call.histories:
            Comparison(session, one).kept(last)
        self.notified([one.model for one in call.histories])
        Comparison(session, history).tools()
        if history.model.settings['record_objects'] == 'on' and not call.clean and random.random() < .4 and any(
                one.model.tables != tables or any(outcome != 'failed' for *_, outcome in one.model.events)
                for one, tables in zip(call.histories, before)):
            Drift(session, random).check()
        Comparison(session, random.choice(call.histories)).shown()

    def notified(self, models):
        expected = [notified for model in models for notified in model.notified]
        if models[0].settings['notify_channel'] == '':
            expected = []
        found = [(sent['direction'], sent['outcome'], sent['migrations'], self.number(sent['version'])) for sent in self.received]
        expected = [(*rest, version if version == '' else 'R' if version >= REPEATABLE else int(version)) for *rest, version in expected]
        if expected != found:
            raise Fault(f'notifications: the model has {expected}, the server {found}')

    @staticmethod
    def number(version):
        return identify(version, '') if version.isdigit() else version

    def failed(self):
        """The next round begins with a new session."""
        if self.session is not None:
            self.session.close()
        self.session = None

    def end(self):
        if self.session is not None:
            self.session.close()
            drop_database(self.database)
