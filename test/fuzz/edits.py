"""Directories for the histories: migrations that the model knows, written in a format,
changed, broken, mended and removed."""

from effects import BASELINE, REPEATABLE, File
from server import Folder

# How a migration is written: its file, that of its down script if it has one of its
# own, and the text.  A new format is a line.
LAYOUTS = {
    'golang-migrate': ('{v:03d}_{n}.up.sql', '{v:03d}_{n}.down.sql', '{up}'),
    'flyway': ('V{v}__{n}.sql', 'U{v}__{n}.sql', '{up}'),
    'diesel': ('{v:03d}_{n}/up.sql', '{v:03d}_{n}/down.sql', '{up}'),
    'plain': ('{v:03d}_{n}.sql', '{v:03d}_{n}.down.sql', '{up}'),
    'goose': ('{v:03d}_{n}.sql', None, '-- +goose Up\n{up}\n-- +goose Down\n{down}'),
    'updown': ('{v:03d}_{n}.sql', None, '-- UP\n{up}\n-- DOWN\n{down}'),
    'play': ('{v}.sql', None, '# --- !Ups\n{up}\n# --- !Downs\n{down}'),
    'postgrator': ('{v}.do.{n}.sql', '{v}.undo.{n}.sql', '{up}'),
    'hasura': ('17{v:011d}_{n}/up.sql', '17{v:011d}_{n}/down.sql', '{up}'),
}
# Those of Flyway have more.
REPEATED = ('R__{n}.sql', None, '{up}')
BASE = ('B{v}__{n}.sql', None, '{up}')
BASE_NAME = 'base'
# A format that has versions without a gap, and none whose names count.
WITHOUT_GAPS = ('play',)

EVENTS = ['beforeValidate', 'afterValidate', 'beforeMigrate', 'beforeEachMigrate', 'afterEachMigrate', 'beforeRepeatables', 'afterVersioned',
          'afterMigrateApplied', 'afterMigrate', 'afterEachMigrateError', 'afterMigrateError', 'beforeUndo', 'beforeEachUndo', 'afterEachUndo',
          'afterUndo', 'afterEachUndoError', 'afterUndoError']
OF_EACH = ('beforeEachMigrate', 'afterEachMigrate', 'beforeEachUndo', 'afterEachUndo')

# A table with rows, which a rule finds something about.
LARGE = 'CREATE TABLE public.large (a int); INSERT INTO public.large VALUES (1); ANALYZE public.large'
OPERATIONS = {
    'create': 'CREATE TABLE {} (a int);', 'ensure': 'CREATE TABLE IF NOT EXISTS {} (a int);', 'drop': 'DROP TABLE {};', 'fail': 'SELECT 1 / 0;',
    'syntax': 'SELEC 1;', 'finding': 'REINDEX TABLE public.large;',
    'allowed': '-- migrate: allow reindex nobody reads it at night\nREINDEX TABLE public.large;',
}


def sql_of(script, look):
    parts = []
    for number, transaction in enumerate(script):
        for operation in transaction:
            parts.append(OPERATIONS[operation[0]].format(*operation[1:]))
        if number < len(script) - 1:
            parts.append('COMMIT;\nBEGIN;')
    text = ('\n' * (1 + look % 2)).join(parts)
    return ('-- look %d\n' % look if look % 3 == 1 else '') + text + '\n' * bool(text)


def identify(version, name):
    """The version of the model, from what the server shows."""
    if version == 'R':
        return REPEATABLE + int(name[1:])
    if name == BASE_NAME:
        return int(version) + BASELINE
    return int(version) % 10 ** 11


class Directory:
    """Files of migrations, which several histories may share."""

    def __init__(self, random, name, prefix, log):
        self.random, self.prefix, self.format = random, prefix, random.choice(list(LAYOUTS) + ['flyway'] * 4)
        self.folder = Folder(name, log)
        self.files, self.callbacks = {}, {}
        self.names, self.made = {}, 0

    def write(self, file):
        self.erase(file.version)
        if file.up == [[]]:
            file.up = []
        up_file, down_file, text = (REPEATED if file.version >= REPEATABLE else BASE if file.version % 1 else LAYOUTS[self.format])
        up, down = sql_of(file.up, file.look), sql_of(file.down or [], file.look + 1)
        if down_file is None and file.down is None and '{down}' in text:
            text = text[:text.index('{up}') + len('{up}')]
        values = {'v': int(file.version), 'n': file.name, 'up': up, 'down': down}
        texts = {up_file.format(**values): text.format(**values)}
        if down_file is not None and file.down is not None:
            texts[down_file.format(**values)] = down
        for name, content in texts.items():
            self.folder.write(name, content)
        self.names[file.version] = list(texts)

    def erase(self, version):
        removed = self.names.pop(version, [])
        for name in removed:
            self.folder.remove(name)
        for name in {name.split('/')[0] for name in removed if '/' in name}:
            self.folder.remove_folder(name)

    def table(self, version):
        return f'{self.prefix}{int(version)}_{self.made}'

    def up_script(self, version):
        self.made += 1
        random = self.random
        if version >= REPEATABLE:
            script = [[('ensure', f'{self.table(version)}_{place}')] for place in range(random.choice([1, 1, 2]))]
        elif random.random() < .03:  # a table that there may be
            return [[('create', f'{self.prefix}{random.randint(1, 12)}_{random.randint(1, self.made)}_0')]]
        else:
            script = [[('create', f'{self.table(version)}_{place}')] for place in range(random.choice([1, 1, 1, 2, 3]))]
        if random.random() < .6:
            script = [sum(script, [])]
        if random.random() < .15:
            random.choice(script).append(('fail',))
        if random.random() < .06:
            random.choice(script).insert(0, (random.choice(['finding', 'allowed']),))
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

    def down_of(self, version, up, often):
        """None for what has no way back in the format, or here."""
        if version >= REPEATABLE or version % 1 or self.random.random() > often:
            return None
        return self.down_script(up)

    def new_version(self, highest):
        random = self.random
        if self.format in WITHOUT_GAPS:
            return max(self.files, default=0) + 1
        if self.format == 'flyway' and random.random() < .2:
            return REPEATABLE + random.randint(1, 4)
        version = random.randint(1, 14) if random.random() < .4 else highest + 1
        if self.format == 'flyway' and random.random() < .12:
            version += BASELINE
        return version

    def new_file(self, highest):
        random, version = self.random, self.new_version(highest)
        if version in self.files or 30 < version < REPEATABLE:
            return
        up = self.up_script(version)
        name = BASE_NAME if version % 1 else f'r{version - REPEATABLE}' if version >= REPEATABLE else random.choice('ab')
        self.files[version] = File(version, '' if self.format == 'play' else name, up, self.down_of(version, up, .85))
        self.write(self.files[version])

    def change_callback(self):
        """Adds or removes a file of a callback."""
        random = self.random
        event = random.choice(EVENTS)
        name = f'{event}{random.choice(["", "__a", "__b"])}.sql'
        if name in self.callbacks:
            del self.callbacks[name]
            self.folder.remove(name)
            return
        self.made += 1
        script = [[('ensure', f'{self.prefix}0_{self.made}_{place}')] for place in range(random.choice([1, 1, 2]))]
        if event in OF_EACH:
            script = [sum(script, [])]
        if random.random() < .12:
            random.choice(script).append(('fail',))
        self.callbacks[name] = (event, script)
        self.folder.write(name, sql_of(script, self.made))

    def edit(self, row_of, highest):
        """Changes a file, or adds or removes one; "row_of" is what the history has of
        it."""
        random = self.random
        if self.format == 'flyway' and random.random() < .12:
            self.change_callback()
            return
        kind = random.random()
        if kind < .45 or not self.files:
            self.new_file(highest)
            return
        file = self.files[random.choice(sorted(self.files))]
        row = row_of(file.version)
        if kind < .55:
            file.up = self.up_script(file.version)
            file.down = self.down_of(file.version, file.up, .9)
        elif kind < .60 and row and row.state == 'applied':
            file.up, file.down = row.up, row.down
        elif kind < .70:
            file.look += 1
        elif kind < .78:
            file.down = self.down_of(file.version, file.up, 1)
        elif kind < .82:
            file.down = None
        elif kind < .90:  # what fails is mended
            file.up = mended(file.up)
            file.down = file.down and mended(file.down)
        elif kind < .95:
            if self.format in WITHOUT_GAPS:
                file = self.files[max(self.files)]
            del self.files[file.version]
            self.erase(file.version)
            return
        elif file.version < REPEATABLE and not file.version % 1 and self.format != 'play':
            file.name = random.choice('abc')
        self.write(file)


def mended(script):
    script = [[operation for operation in transaction if operation[0] in ('create', 'ensure', 'drop')] for transaction in script]
    return [transaction for transaction in script if transaction]
