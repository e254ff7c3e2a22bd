"""Random calls of each routine on a history, and what the model does."""

from edits import BASE_NAME
from effects import REPEATABLE
from model import up_schemas as model_up_schemas
from tools import TOOLS


class History:
    """A model with its directory and its key."""

    def __init__(self, random, project, schema, directory, model, known):
        self.random, self.project, self.schema, self.directory, self.model, self.known = random, project, schema, directory, model, known
        self.folder, self.format, self.prefix = directory.folder, directory.format, directory.prefix
        model.files, model.callbacks = directory.files, directory.callbacks
        # histories of other schemas that have the same directory
        self.tenants = [self]

    def key(self):
        return f"project => '{self.project}', schema => '{self.schema}'"

    def location(self):
        """The directory, or its files sent by the client."""
        texts = self.folder.texts()
        if self.random.random() < .7:
            return f"dir => '{self.folder.path}'", []
        return 'files => %s', [texts]

    def edit(self):
        model = self.model
        versions = [*model.files, *(row.version for row in model.rows)]
        self.directory.edit(model.row, max((int(version) for version in versions if version < REPEATABLE), default=0))

    def some_version(self):
        return self.random.choice(self.model.versions() or [1]) if self.random.random() < .9 else 77

    def name_of(self, version):
        file = self.model.files.get(version) or self.model.row(version)
        return file.name if file else 'a'

    def number(self, version):
        number = int(version)
        if self.format == 'hasura':
            return f"'17{number:011d}'"
        return f"'{number:0{self.random.randint(1, 4)}d}'" if self.format != 'diesel' else f"'{number:03d}'"

    def written(self, version):
        """A version as the caller may write it."""
        random, name = self.random, self.name_of(version)
        if version >= REPEATABLE:
            return f"'R_{name}'" if random.random() < .5 else f"'R__{name}.sql'"
        number = int(version)
        if self.format == 'flyway' and {number, number + .5} <= set(self.model.versions()) or name == BASE_NAME:
            return f"'{number}_{name}'"
        return self.number(version)

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
    """A call of a routine: its SQL, and what the model does, in "histories"."""

    def __init__(self, history, routine, args, values, *model, commits=False, prepare=(), clean=()):
        self.histories, self.name = [history], routine
        listed = ', '.join(list(args) + [history.key()])
        self.sql = f'CALL migrate.{routine}({listed})' if commits else f'SELECT version, name FROM migrate.{routine}({listed})'
        self.values, self.commits, self.prepare, self.clean = values, commits, prepare, clean
        self.expected = lambda: history.model.call(commits, *model)


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
    random, args, (location, values) = history.random, {}, history.location()
    if random.random() < .3 and history.model.files:
        args['target'] = random.choice(sorted(history.model.files))
    chosen = random.sample(history.tenants, random.randint(1, len(history.tenants)))
    passes, canary, more = random.random() < .7, 0, []
    if passes:
        more.append("on_error => 'continue'")
        if random.random() < .3:
            canary = random.choice([1, 1, 2, 5])
            more.append(f'canary => {canary}')
    call = Call(history, 'up_schemas', [], values, commits=True)
    schemas = ', '.join(f"'{one.schema}'" for one in chosen)
    listed = [location, *history.sql_arguments(args), f'schemas => ARRAY[{schemas}]', f"project => '{history.project}'", *more]
    call.sql, call.histories = f'CALL migrate.up_schemas({", ".join(listed)})', chosen
    call.expected = lambda: model_up_schemas([one.model for one in chosen], args, passes, canary)
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
    model, tool = history.model, TOOLS.get(history.format)
    if tool is None:
        return baseline(history)
    location, values = history.location()
    args = [location, f"tool => '{history.format}'"]
    table = model.tools.look(model.schema, history.format)
    if table is not None:
        if not table.can_be_adopted():
            return baseline(history)
        return Call(history, 'adopt', args, values, model.adopt, table.applied(), table.through)
    versions = [version for version in sorted(model.files) if version < REPEATABLE and not version % 1] or [1]
    versions = [history.random.choice(versions)] if tool.through else [version for version in versions if history.random.random() < .5]
    name = f'{model.schema}.{tool.table}'
    prepare = [f'CREATE TABLE {name} ({tool.columns})'] + [f'INSERT INTO {name} VALUES {tool.row.format(version)}' for version in versions]
    return Call(history, 'adopt', args, values, model.adopt, versions, tool.through, prepare=prepare, clean=[f'DROP TABLE {name}'])


ROUTINES = [(apply, 22), (up, 19), (up_schemas, 12), (rollback, 12), (down, 15), (redo, 5), (refresh, 4), (sync, 8), (reset, 3), (repair, 6),
            (set_state, 7), (baseline, 3), (adopt, 4)]
