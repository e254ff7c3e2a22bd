"""Random calls on histories whose files change on the way, each compared with the
model: its result, the history, the tables, the notifications and what shows them."""

import json

from model import File, Model
from server import Fault, Folder, Session, drop_database, new_database

# Three histories with the same settings in one database.
KEYS = [('p1', ''), ('p2', ''), ('p1', 's1')]

# How a migration is written: its file, that of its down script if it has one of its
# own, and the text.  A new format is a line.
LAYOUTS = {
    'golang-migrate': ('{v:03d}_{n}.up.sql', '{v:03d}_{n}.down.sql', '{up}'),
    'flyway': ('V{v}__{n}.sql', 'U{v}__{n}.sql', '{up}'),
    'diesel': ('{v:03d}_{n}/up.sql', '{v:03d}_{n}/down.sql', '{up}'),
    'plain': ('{v:03d}_{n}.sql', '{v:03d}_{n}.down.sql', '{up}'),
    'goose': ('{v:03d}_{n}.sql', None, '-- +goose Up\n{up}\n-- +goose Down\n{down}'),
    'updown': ('{v:03d}_{n}.sql', None, '-- UP\n{up}\n-- DOWN\n{down}'),
}

# The table of a tool, for adopt(): its definition, a row, and whether a row is for all
# up to it.
TOOLS = {
    'golang-migrate': ('schema_migrations (version bigint, dirty boolean)', '({}, false)', True),
    'diesel': ('__diesel_schema_migrations (version varchar PRIMARY KEY, run_on timestamp DEFAULT now())', "('{:03d}')", False),
    'goose': ('goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp)',
              '(DEFAULT, {}, true, now())', False),
}

# The settings, each with the values it can have, most often the first one.  Those that
# the model looks at are on_modified, out_of_order, notify_channel and allow_sync; the others must not
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
    'large_table': ['10MB', '0'],
    'record_objects': ['off', 'on'],
    'allow_sync': ['on', 'off'],
    'callbacks_always': ['off', 'on'],
    'verify_scripts': ['auto', 'on', 'off'],
    'contexts': ['', '*', 'a,!b'],
    'labels': ['', '*'],
}

STATES = {'applied': 'applied', 'interrupted up': 'up', 'interrupted down': 'down'}


def sql_of(script, look):
    parts = []
    for number, transaction in enumerate(script):
        for operation in transaction:
            parts.append({'create': 'CREATE TABLE {} (a int);', 'drop': 'DROP TABLE {};', 'fail': 'SELECT 1 / 0;',
                          'syntax': 'SELEC 1;'}[operation[0]].format(*operation[1:]))
        if number < len(script) - 1:
            parts.append('COMMIT;\nBEGIN;')
    text = ('\n' * (1 + look % 2)).join(parts)
    return ('-- look %d\n' % look if look % 3 == 1 else '') + text + '\n' * bool(text)


class History:
    """A model with its directory and its key."""

    def __init__(self, random, number, place, settings, known, log):
        self.random = random
        self.project, self.schema = KEYS[number]
        self.prefix = 'abc'[number]
        self.format = random.choice(list(LAYOUTS))
        self.model = Model(settings)
        self.folder = Folder(f'{place}-{number}', log)
        self.made, self.known = 0, known

    def key(self):
        return f"project => '{self.project}', schema => '{self.schema}'"

    def location(self):
        """The directory, or its files sent by the client."""
        texts = self.folder.texts()
        if self.random.random() < .7:
            return f"dir => '{self.folder.path}'", []
        return 'files => %s', [texts]

    # Files.

    def write(self, file):
        self.erase(file.version)
        if file.up == [[]]:
            file.up = []
        up_file, down_file, text = LAYOUTS[self.format]
        up, down = sql_of(file.up, file.look), sql_of(file.down or [], file.look + 1)
        if down_file is None and file.down is None:
            text = text[:text.index('{up}') + len('{up}')]
        names = {'v': file.version, 'n': file.name, 'up': up, 'down': down}
        self.folder.write(up_file.format(**names), text.format(**names))
        if down_file is not None and file.down is not None:
            self.folder.write(down_file.format(**names), down)

    def erase(self, version):
        removed = [name for name in self.folder.files if int(name.lstrip('VU').split('_')[0]) == version]
        for name in removed:
            self.folder.remove(name)
        for name in {name.split('/')[0] for name in removed if '/' in name}:
            self.folder.remove_folder(name)

    def up_script(self, version):
        self.made += 1
        random = self.random
        if random.random() < .03:  # a table that there may be
            return [[('create', f'{self.prefix}{random.randint(1, 12)}_{random.randint(1, self.made)}_0')]]
        script = [[('create', f'{self.prefix}{version}_{self.made}_{place}')] for place in range(random.choice([1, 1, 1, 2, 3]))]
        if random.random() < .6:
            script = [sum(script, [])]
        if random.random() < .15:
            random.choice(script).append(('fail',))
        if random.random() < .03:
            script[-1].append(('syntax',))
        return script

    def down_script(self, up):
        random = self.random
        tables = [operation[1] for transaction in up for operation in transaction if operation[0] == 'create']
        script = [[('drop', table)] for table in reversed(tables)]
        if random.random() < .6:
            script = [sum(script, [])]
        if script and random.random() < .08:
            random.choice(script).append(('fail',))
        if script and random.random() < .02:
            script[-1].append(('syntax',))
        return script

    def new_file(self):
        random, model = self.random, self.model
        highest = max(list(model.files) + [row.version for row in model.rows], default=0)
        version = random.randint(1, 14) if random.random() < .4 else highest + 1
        if version in model.files or version > 30:
            return
        up = self.up_script(version)
        file = File(version, random.choice('ab'), up, self.down_script(up) if random.random() < .85 else None)
        model.files[version] = file
        self.write(file)

    def edit(self):
        """Changes a file, or adds or removes one."""
        random, model = self.random, self.model
        kind = random.random()
        if kind < .45 or not model.files:
            self.new_file()
            return
        file = model.files[random.choice(sorted(model.files))]
        row = model.row(file.version)
        if kind < .55:
            file.up = self.up_script(file.version)
            file.down = self.down_script(file.up) if random.random() < .9 else None
        elif kind < .60 and row and row.state == 'applied':
            file.up, file.down = row.up, row.down
        elif kind < .70:
            file.look += 1
        elif kind < .78:
            file.down = self.down_script(file.up)
        elif kind < .82:
            file.down = None
        elif kind < .90:  # what fails is mended
            file.up = self.mended(file.up)
            file.down = file.down and self.mended(file.down)
        elif kind < .95:
            del model.files[file.version]
            self.erase(file.version)
            return
        else:
            file.name = random.choice('abc')
        self.write(file)

    @staticmethod
    def mended(script):
        script = [[operation for operation in transaction if operation[0] in ('create', 'drop')] for transaction in script]
        return [transaction for transaction in script if transaction]

    # Arguments.

    def some_version(self):
        return self.random.choice(self.model.versions() or [1]) if self.random.random() < .9 else 77

    def written(self, version):
        return f"'{version:0{self.random.randint(1, 4)}d}'" if self.format != 'diesel' else f"'{version:03d}'"

    def up_arguments(self):
        random, args = self.random, {}
        kind = random.random()
        if kind < .5:
            pass
        elif kind < .65:
            args['target'] = self.some_version()
        elif kind < .8:
            args['steps'] = random.choice([1, 1, 2, 3, -1])
        elif kind < .95:
            args['versions'] = [self.some_version() for _ in range(random.randint(1, 3))]
        else:
            args.update(target=self.some_version(), steps=1)
        if random.random() < .15:
            args['adopt_existing'] = True
        return args

    def down_arguments(self):
        random, args = self.random, {}
        kind = random.random()
        if kind < .3:
            pass
        elif kind < .5:
            args['target'] = self.some_version()
        elif kind < .8:
            args['steps'] = random.choice([1, 1, 2, 3])
        elif kind < .95:
            args['everything'] = True
        else:
            args.update(everything=True, steps=1)
        if random.random() < .3:
            args['force'] = True
        return args

    def sql_arguments(self, args):
        for name, value in args.items():
            if name == 'target':
                yield f'target => {self.written(value)}'
            elif name == 'versions':
                yield 'versions => ARRAY[' + ', '.join(self.written(version) for version in value) + ']'
            else:
                yield f'{name} => {str(value).lower()}'


class Call:
    """A call of a routine: its SQL, and what the model does."""

    def __init__(self, history, routine, args, values, *model, commits=False, prepare=(), clean=()):
        self.history, self.name = history, routine
        listed = ', '.join(list(args) + [history.key()])
        self.sql = f'CALL migrate.{routine}({listed})' if commits else f'SELECT version FROM migrate.{routine}({listed})'
        self.values, self.model, self.commits, self.prepare, self.clean = values, model, commits, prepare, clean


# The routines, each a function that makes a call of it, and how often.  A new routine
# is a function here, and a method of the model.

def apply(history):
    args, (location, values) = history.up_arguments(), history.location()
    return Call(history, 'apply', [location, *history.sql_arguments(args)], values, history.model.apply, args)


def up(history):
    args, (location, values) = history.up_arguments(), history.location()
    return Call(history, 'up', [location, *history.sql_arguments(args)], values, history.model.up, args, commits=True)


def up_schemas(history):
    if history.schema == '' or 'up_schemas' not in history.known:
        return up(history)
    args, (location, values) = {}, history.location()
    if history.random.random() < .3:
        args['target'] = history.some_version()
    call = Call(history, 'up_schemas', [], values, history.model.up, args, commits=True)
    listed = [location, *history.sql_arguments(args), f"schemas => ARRAY['{history.schema}']", f"project => '{history.project}'"]
    call.sql = f'CALL migrate.up_schemas({", ".join(listed)})'
    return call


def undo(history, routine, method, **how):
    args, values, from_files = history.down_arguments(), [], history.random.random() < .3
    listed = list(history.sql_arguments(args))
    if from_files:
        location, values = history.location()
        listed.append(location)
    return Call(history, routine, listed, values, method, args, from_files, **how)


def rollback(history):
    return undo(history, 'rollback', history.model.rollback)


def down(history):
    return undo(history, 'down', history.model.down, commits=True)


def reapply(history, routine, everything):
    from_files = history.random.random() < .6
    location, values = history.location() if from_files else ('dir => NULL', [])
    return Call(history, routine, [location], values, history.model.reapply, everything, from_files)


def redo(history):
    return reapply(history, 'redo', False)


def refresh(history):
    return reapply(history, 'refresh', True)


def sync(history):
    location, values = history.location()
    return Call(history, 'sync', [location], values, history.model.sync)


def reset(history):
    force = history.random.random() < .4
    args = {'everything': True, 'force': force}
    return Call(history, 'reset', [f'force => {str(force).lower()}'], [], history.model.rollback, args)


def repair(history):
    location, values = history.location()
    return Call(history, 'repair', [location], values, history.model.accept)


def set_state(history):
    location, values = history.location()
    version, state = history.some_version(), history.random.choice(['applied', 'pending'])
    args = [location, f'version => {history.written(version)}', f"state => '{state}'"]
    return Call(history, 'repair', args, values, history.model.set_state, version, state)


def baseline(history):
    location, values = history.location()
    version = history.some_version() if history.random.random() < .6 else None
    args = [location] + ([] if version is None else [f'version => {history.written(version)}'])
    return Call(history, 'baseline', args, values, history.model.baseline, version)


def adopt(history):
    """The tool has applied one or some of the migrations that there are."""
    if history.format not in TOOLS:
        return baseline(history)
    location, values = history.location()
    table, row, through = TOOLS[history.format]
    versions = sorted(history.model.files) or [1]
    versions = [history.random.choice(versions)] if through else [version for version in versions if history.random.random() < .5]
    name = table.split()[0]
    path = f'{history.schema or "public"}.'
    prepare = [f'CREATE TABLE {path}{table}'] + [f'INSERT INTO {path}{name} VALUES {row.format(version)}' for version in versions]
    return Call(history, 'adopt', [location, f"tool => '{history.format}'"], values, history.model.adopt, versions, through,
                prepare=prepare, clean=[f'DROP TABLE {path}{name}'])


ROUTINES = [(apply, 22), (up, 19), (up_schemas, 4), (rollback, 12), (down, 15), (redo, 5), (refresh, 4), (sync, 8), (reset, 3), (repair, 6), (set_state, 7),
            (baseline, 3), (adopt, 4)]

ROWS = """
SELECT version, name, state, CASE WHEN state = 'applied' THEN 0 ELSE done END, baseline, batch
  FROM migrate.applied WHERE project = '{0}' AND schema = '{1}' ORDER BY history_id"""
EVENTS = """
SELECT version, direction, outcome FROM migrate.history
 WHERE project = '{0}' AND schema = '{1}' AND id > {2} ORDER BY id"""
TABLES = """
SELECT relname::text FROM pg_class
 WHERE relkind = 'r' AND relnamespace = '{}'::regnamespace AND relname ~ '^{}[0-9]'"""


class Comparison:
    """What the database has after a call, beside the model."""

    def __init__(self, session, history):
        self.session, self.history, self.model = session, history, history.model
        self.names = (history.project, history.schema)

    def differ(self, what, expected, found):
        if expected != found:
            raise Fault(f'{what}: the model has {expected}, the server {found}')

    def show(self, what):
        return self.session.rows(f"SELECT {what}")

    def result(self, call, expected, got):
        code, versions, why = expected
        if got.code != code:
            raise Fault(f'{call.name}: the model has {code} {why or versions}, the server {got}')
        if got.ok and call.commits:
            self.differ(call.name, len(versions), got.rows[0][0])
        elif got.ok:
            self.differ(call.name, versions, [int(row[0]) for row in got.rows])

    def rows(self):
        model = self.model
        found = self.session.quietly(ROWS.format(*self.names))
        self.differ('migrate.applied', [(row.version, row.name, row.state, row.done if row.state != 'applied' else 0, row.baseline)
                                        for row in model.rows],
                    [(int(row[0]), row[1], STATES[row[2]], *row[3:5]) for row in found])
        new = {row[5] for row, known in zip(found, model.rows) if known.batch is None}
        if len(new) > 1 or any(batch <= model.highest_batch for batch in new):
            raise Fault(f'batches {sorted(new)} after {model.highest_batch}')
        for row, known in zip(found, model.rows):
            if known.batch is not None:
                self.differ(f'batch of {known.version}', known.batch, row[5])
            known.batch = row[5]
        model.highest_batch = max([model.highest_batch] + [row[5] for row in found] + self.batches())

    def batches(self):
        query = f"SELECT max(batch) FROM migrate.history WHERE project = '{self.names[0]}' AND schema = '{self.names[1]}'"
        return [batch for batch, in self.session.quietly(query) if batch is not None]

    def events(self, last):
        found = self.session.quietly(EVENTS.format(*self.names, last))
        self.differ('migrate.history', self.model.events, [(int(row[0]), *row[1:]) for row in found])

    def tables(self):
        history = self.history
        found = self.session.quietly(TABLES.format(history.schema or 'public', history.prefix))
        self.differ('tables', sorted(self.model.tables), sorted(row[0] for row in found))

    def notified(self, received):
        expected = self.model.notified if self.model.settings['notify_channel'] else []
        self.differ('notifications', expected,
                    [(sent['direction'], sent['outcome'], sent['migrations'], int(sent['version'])) for sent in received])

    def shown(self):
        model, history = self.model, self.history
        location, values = f"dir => '{history.folder.path}'", []
        if history.random.random() < .3:
            location, values = 'files => %s', [history.folder.texts()]
        arguments = f'{location}, {history.key()}'
        found = self.session.rows(f'SELECT version, state FROM migrate.status({arguments})', *values)
        self.differ('status', [(version, model.state(version)) for version in model.versions()],
                    [(int(version), state) for version, state in found])
        version = self.session.value(f'SELECT migrate.version({history.key()})')
        self.differ('version', model.version(), None if version is None else int(version))
        asked = history.some_version()
        row = model.row(asked)
        self.differ(f'at_least {asked}', row is not None and row.state == 'applied',
                    self.session.value(f'SELECT migrate.at_least({history.written(asked)}, {history.key()})'))
        if model.files:
            self.differ('is_current', model.is_current(),
                        self.session.value(f'SELECT migrate.is_current({arguments})', *values))
            self.plan(arguments, values)

    def plan(self, arguments, values):
        """What plan shows as what up would run."""
        code, versions, _ = self.model.call(True, self.model.plan_up, {}, True)
        if code != 'ok':
            return
        plan = self.session.rows(f'SELECT version, note FROM migrate.plan({arguments})', *values)
        passed = ('modified since it was applied', 'interrupted while going up', 'interrupted while going down')
        shown = [int(version) for version, note in plan if note not in passed]
        self.differ('plan', versions, list(dict.fromkeys(shown)))
        self.session.rows(f'SELECT count(*) FROM migrate.check({arguments})', *values)


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
        run = self.session.run
        run('SET client_min_messages = error; DROP SCHEMA public, s1 CASCADE; CREATE SCHEMA public; CREATE SCHEMA s1; RESET client_min_messages')
        run('DELETE FROM migrate.applied; DELETE FROM migrate.history; DELETE FROM migrate.script')

    def change_settings(self, random, settings):
        if random.random() > .1:
            return
        for name, values in SETTINGS.items():
            if f'migrate.{name}' not in self.known:
                continue
            settings[name] = random.choice(values) if random.random() < .5 else values[0]
            self.session.run(f"SET migrate.{name} = '{settings[name]}'")
        self.session.expect()

    def run(self, random, log, seed):
        if self.session is None:
            self.connect(log)
        self.session.log = log
        self.clear()
        settings = {name: values[0] for name, values in SETTINGS.items()}
        histories = [History(random, number, self.place, settings, self.known, log) for number in range(len(KEYS))]
        self.session.run("RESET ALL; SET migrate.allow_sync = on")
        self.session.expect()
        for step in range(self.steps):
            history = random.choice(histories)
            try:
                for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
                    history.edit()
                self.change_settings(random, settings)
                self.step(random, history)
            except Fault as fault:
                fault.folder = history.folder
                raise Fault(f'step {step}, {history.format}: {fault}') from fault
        return self.steps

    def step(self, random, history):
        session = self.session
        routine, = random.choices([make for make, _ in ROUTINES], [often for _, often in ROUTINES])
        call = routine(history)
        for sql in call.prepare:
            session.rows(sql)
        last = session.quietly('SELECT coalesce(max(id), 0) FROM migrate.history')[0][0]
        expected = history.model.call(call.commits, *call.model)
        self.received.clear()
        got = session.call(call.sql, *call.values)
        for sql in call.clean:
            session.rows(sql)
        self.counts[got.code] = self.counts.get(got.code, 0) + 1
        comparison = Comparison(session, history)
        comparison.result(call, expected, got)
        comparison.rows()
        comparison.events(last)
        comparison.tables()
        comparison.notified(self.received)
        comparison.shown()

    def failed(self):
        """The next round begins with a new session."""
        if self.session is not None:
            self.session.close()
        self.session = None

    def end(self):
        if self.session is not None:
            self.session.close()
            drop_database(self.database)
