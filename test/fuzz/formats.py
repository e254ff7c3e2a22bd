"""Directories of each format.

A format is a row of FORMATS.  Text in rows has {v} for the version, {n} for the name,
{i} for the place in the order, {up} and {down} for the scripts, and {mark} for one of
"marks", which a format has for transactions and such.  "more" writes what there is
beside the migrations, such as a manifest."""

import scripts


# How versions are written.
NUMBERS = ['{:d}', '{:03d}', '20250101{:06d}']


class Format:
    def __init__(self, file, text='{mark}{up}', down_file=None, down='', marks=(), counts=False, more=None, versions=NUMBERS):
        self.file, self.text = file, text
        # the down script has a file of its own, or follows the up script
        self.down_file, self.down = down_file, down
        self.marks = ('', '', '') + marks
        # whether versions count from 1, without gaps
        self.counts, self.more, self.versions = counts, more, versions


class Migration:
    def __init__(self, place, version, name, up, down):
        self.place, self.version, self.name, self.up, self.down = place, version, name, up, down

    def fill(self, template, mark=''):
        return template.format(v=self.version, n=self.name, i=self.place, up=self.up, down=self.down, mark=mark)


def flyway_configuration(random):
    values = ['"V"', '"__"', '[".sql"]', '["filesystem:."]', '["filesystem:**/x*"]', 'true', 'false', '"#["', '"latest"', "''a'",
              '{ a = "b" }', '[', '"', '1', '"\\u00e9"', '"${a.b}"', '[[1], {}]', '"!{x}"', '']
    names = ['sqlMigrationPrefix', 'sqlMigrationSeparator', 'sqlMigrationSuffixes', 'locations', 'callbackLocations', 'outOfOrder',
             'executeInTransaction', 'placeholderPrefix', 'placeholderReplacement', 'placeholders.a', 'placeholders', 'target',
             'url', 'x', '"', '[flyway.x]', '[[flyway.x]]', '# x', 'schemas', 'table', 'baselineOnMigrate']
    lines = [(random.choice(names), random.choice(values)) for _ in range(random.randint(0, 4))]
    if random.random() < .5:
        return 'flyway.toml', '[flyway]\n' + '\n'.join(f'{name} = {value}' for name, value in lines)
    return 'flyway.conf', '\n'.join(f'flyway.{name}={value}' + random.choice(['', '\\', '\r']) for name, value in lines)


def flyway_more(random, migrations):
    for migration in migrations:
        if random.random() < .2:
            yield f'R__{migration.name}r.sql', f'CREATE OR REPLACE VIEW rv AS SELECT {random.randint(0, 3)} AS a;'
        if random.random() < .05:
            conf = random.choice(['executeInTransaction=false', 'x=', 'executeInTransaction=', '\\u00', 'a\\'])
            yield migration.fill('V{v}__{n}.sql.conf'), conf
    if random.random() < .15:
        yield flyway_configuration(random)


# Lines of a tool's settings file, right and wrong.
FLYWAY_CONF = ['flyway.sqlMigrationPrefix=V', 'flyway.sqlMigrationPrefix=M', 'flyway.sqlMigrationSeparator=__', 'flyway.sqlMigrationSuffixes=.sql,.pgsql',
               'flyway.repeatableSqlMigrationPrefix=R', 'flyway.undoSqlMigrationPrefix=U', 'flyway.baselineMigrationPrefix=B', 'flyway.placeholders.name=x',
               'flyway.placeholderPrefix=#{', 'flyway.placeholderSuffix=}', 'flyway.placeholderReplacement=false', 'flyway.placeholderSeparator=:',
               'flyway.locations=filesystem:.', 'flyway.locations=filesystem:sub,classpath:db', 'flyway.executeInTransaction=false', 'flyway.mixed=true',
               'flyway.scriptPlaceholderPrefix=FP__', '# a', '! b', '', 'flyway.x\\', '=', 'flyway.encoding=ISO-8859-1', 'flyway.outOfOrder=true', '\\u00zz=1']
FLYWAY_TOML = ['[flyway]', 'sqlMigrationPrefix = "V"', "sqlMigrationSeparator = '__'", 'sqlMigrationSuffixes = [".sql", ".pgsql"]', 'locations = ["filesystem:."]',
               '[flyway.placeholders]', 'name = "x"', '[environments.a]', 'x = """', 'mixed = true', '# c', 'a.b.c = 1', '[flyway', 'x = ["a",', 'x = 1979-05-27', '= 1']
INI = ['[core]', 'top_dir = .', 'top_dir = sub', 'plan_file = sqitch.plan', 'deploy_dir = deploy', 'deploy_dir = d', 'engine = pg', '[engine "pg"]', '[target "a b"]',
       '\ttop_dir = "a\\"b"', 'extension = ddl', '; c', '# c', '[deploy "variables"]', 'name = x', '[core', 'x', 'plan_file = a\\', 'reworked_dir = r', 'uri = "db:pg:']
TERN_CONF = ['[database]', 'host = localhost', 'version_table = public.v', '[data]', 'name = x', 'app_user = joe', '[', 'x = "', '# c']


def settings_file(random, lines):
    return '\n'.join(random.choice(lines) for _ in range(random.choice([1, 2, 4, 8]))) + random.choice(['\n', '\n', ''])


EVENTS = [
    'beforeValidate', 'afterValidate', 'beforeMigrate', 'beforeEachMigrate', 'afterEachMigrate', 'beforeRepeatables', 'afterVersioned',
    'afterMigrateApplied', 'afterMigrate', 'afterEachMigrateError', 'afterMigrateError', 'beforeUndo', 'beforeEachUndo', 'afterEachUndo',
    'afterUndo', 'afterEachUndoError', 'afterUndoError', 'beforeEachMigrateStatement', 'beforeClean', 'beforeConnect',
]
CALLBACKS = [
    'CREATE TABLE IF NOT EXISTS cb (a int);', 'SELECT 1;', '', '-- nothing', "SET work_mem = '1MB';", 'CREATE OR REPLACE VIEW cv AS SELECT 1 AS a;',
    'VACUUM;', 'SELECT 1; COMMIT;', 'BEGIN; SELECT 1; COMMIT;', 'SELECT 1 / 0;', 'SELEC 1;', 'RESET ROLE;', "SELECT '${flyway:filename}';",
    'CREATE TABLE IF NOT EXISTS cb (a int); COMMIT; INSERT INTO cb VALUES (1);',
]


def flyway_settings(random, migrations):
    """What flyway.conf and flyway.toml say, and names that they may give."""
    yield from flyway_more(random, migrations)
    if random.random() < .7:
        yield random.choice(['flyway.conf', 'conf/flyway.conf']), settings_file(random, FLYWAY_CONF)
    if random.random() < .5:
        yield 'flyway.toml', random.choice(['[flyway]\n', '']) + settings_file(random, FLYWAY_TOML)
    for migration in migrations:
        if random.random() < .2:
            yield migration.fill(random.choice(['M{v}__{n}.sql', 'V{v}__{n}x.pgsql', 'sub/V{v}1__{n}.sql', 'V{v}1_{n}.sql'])), migration.up


def sqitch_settings(random, migrations):
    yield from sqitch_more(random, migrations)
    yield 'sqitch.conf', settings_file(random, INI)


def tern_settings(random, migrations):
    """tern.conf, and files that are templates or that those use."""
    yield 'tern.conf', settings_file(random, TERN_CONF)
    yield random.choice(['shared/v.sql', 'shared/w.sql']), 'SELECT {{ .name }};'
    for migration in migrations:
        if random.random() < .2:
            template = random.choice(['{{ .name }}', '{{ template "shared/v.sql" . }}', '{{', '{{ if .x }}', '{{/* c */}}', '{{ .a.b }}', "{{- `x` -}}"])
            yield migration.fill('{i:03d}_{n}.sql'), f"SELECT '{template}';\n{migration.up}\n---- create above / drop below ----\n{migration.down}"


def atlas_more(random, migrations):
    """A checkpoint, which begins a history."""
    for migration in migrations:
        if random.random() < .2:
            tag = random.choice(['', ' v1'])
            yield migration.fill('{v}_{n}.sql'), f'-- atlas:checkpoint{tag}\n\n{migration.up}'


def flyway_callbacks(random, migrations):
    """Callbacks, and files that begin a history."""
    yield from flyway_more(random, migrations)
    for _ in range(random.choice([1, 1, 2, 4])):
        event = random.choice(EVENTS[:-3] * 4 + EVENTS)
        name = random.choice(['', '', '__a', '__b', '__a_b'])
        yield random.choice(['', '', '', 'cb/']) + f'{event}{name}.sql', random.choice(CALLBACKS[:6] * 3 + CALLBACKS)
    if random.random() < .3:
        migration = random.choice(migrations)
        yield migration.fill('B{v}__{n}b.sql'), '\n'.join(before.up for before in migrations if before.place <= migration.place)


def hasura_more(random, migrations):
    for migration in migrations:
        if random.random() < .2:
            yield migration.fill('{v}_{n}/up.yaml'), random.choice(['[]\n', '', '- type: add_existing_table_or_view\n', '- args:\n    sql: SELECT 1\n  type: run_sql\n'])


def pop_more(random, migrations):
    """Files for other servers, which may be of anything."""
    for migration in migrations:
        if random.random() < .4:
            dialect = random.choice(['mysql', 'sqlite3', 'cockroach', 'mysql.autocommit', 'postgres', 'postgres.autocommit', 'oracle'])
            kind = random.choice(['up', 'up', 'down'])
            yield migration.fill('{v}_{n}.') + f'{dialect}.{kind}.sql', random.choice([migration.up, 'SHOW ENGINES;', '`'])


def yoyo_more(random, migrations):
    """What one depends on, which changes the order."""
    for migration in migrations:
        if random.random() < .2:
            other = random.choice(migrations)
            depends = random.choice([other.fill('20250101_{i:02d}_aB3xY-{n}'), 'nobody', ''])
            transactional = random.choice(['', '', '-- transactional: false\n', '-- transactional: x\n'])
            yield migration.fill('20250101_{i:02d}_aB3xY-{n}.sql'), f'-- a\n-- depends: {depends}\n{transactional}\n{migration.up}'


def sqitch_more(random, migrations):
    plan = '%syntax-version=1.0.0\n%project=p\n\n'
    who = '2025-01-01T00:00:00Z A <a@b.c> # n\n'
    for migration in migrations:
        needs = random.choice(['', '', '', f'[{migrations[0].name}1] ', '[!m9] '])
        plan += f'{migration.name}{migration.place} {needs}{who}'
        if random.random() < .3:
            plan += f'@v{migration.place} {who}'
    yield 'sqitch.plan', plan
    if random.random() < 0.5:
        yield 'sqitch.conf', '[core]\n\tengine = pg ; x\n\t' + random.choice(
            ['top_dir = .', 'plan_file = "./sqitch.plan"', '# x', 'top_dir = \\\n .', 'extension = sql', 'top_dir = ..', '"']) + \
            random.choice(['\n', '\n[deploy]\n\tverify\n', '\n[core "variables"]\n\tone = "1\\n"\n'])


def drizzle_more(random, migrations):
    entries = ','.join(
        migration.fill('{{"idx": {i}, "version": "7", "when": 17000000000{i}, "tag": "{i:04d}_{n}", "breakpoints": true}}')
        for migration in migrations)
    yield 'meta/_journal.json', f'{{"version":"7","dialect":"postgresql","entries":[{entries}]}}'


def drizzle_folders_more(random, migrations):
    for migration in migrations:
        yield migration.fill('{v}_{n}/snapshot.json'), '{}'


PRECONDITIONS = [
    '--preconditions onFail:MARK_RAN onError:HALT\n--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_class WHERE false',
    '--preconditions onFail:MARK_RAN\n--precondition-sql-check expectedResult:1 SELECT 0', '--preconditions onFail:HALT onError:HALT',
    '--precondition-table-exists table:a', '--preconditions onFail:CONTINUE\n--precondition-sql-check expectedResult:"1" SELECT 1;',
    '--precondition-sql-check SELECT 1', '--preconditions onFail:x', '--precondition-sql-check expectedResult:0 SELEC', '--preconditions onSqlOutput:TEST',
    '--precondition-not-table-exists table:x schema:public', '--precondition-view-exists', '--precondition-sql-check expectedResult:0 SELECT 1/0',
]


def liquibase(random, migrations):
    """Changesets, several in a file."""
    options = ['', '', '', ' runInTransaction:false', ' splitStatements:false', ' endDelimiter:/', ' runOnChange:true',
               ' runAlways:true', ' stripComments:false', ' context:a']
    for migration in migrations:
        text = '--liquibase formatted sql\n'
        for number in range(random.randint(1, 3)):
            up, down = migration.up, migration.down
            if number > 0:
                up, down = scripts.pair(random, migration.place * 10 + number, False)
            text += f'--changeset me:{migration.place}-{number}{random.choice(options)}\n'
            if random.random() < .15:
                text += random.choice(PRECONDITIONS) + '\n'
            text += f'{up}\n'
            text += ''.join(f'--rollback {line}\n' for line in down.split('\n') if line)
        yield migration.fill('{i:03d}{n}.sql'), text


FORMATS = {
    'goose': Format('{v}_{n}.sql', '{mark}-- +goose Up\n{up}', None, '\n-- +goose Down\n{down}',
                    marks=('-- +goose NO TRANSACTION\n', '-- +goose ENVSUB ON\n')),
    'golang-migrate': Format('{v}_{n}.up.sql', '{up}', '{v}_{n}.down.sql', '{down}'),
    'sqlx': Format('{v}_{n}.up.sql', '{mark}{up}', '{v}_{n}.down.sql', '{down}', marks=('-- no-transaction\n',)),
    'flyway': Format('V{v}__{n}.sql', '{up}', 'U{v}__{n}.sql', '{down}', more=flyway_more),
    'refinery': Format('V{v}__{n}.sql', '{up}', 'U{v}__{n}u.sql', '{down}'),
    'sql-migrate': Format('{v}-{n}.sql', '-- +migrate Up{mark}\n{up}\n', None, '-- +migrate Down\n{down}',
                          marks=(' notransaction',)),
    'dbmate': Format('{v}_{n}.sql', '-- migrate:up{mark}\n{up}\n-- migrate:down\n{down}', marks=(' transaction:false',)),
    'tern': Format('{i:03d}_{n}.sql', '{mark}{up}\n', None, '---- create above / drop below ----\n{down}',
                   marks=('---- tern: disable-tx ----\n',), counts=True),
    'rambler': Format('{v}_{n}.sql', '-- rambler up\n{up}\n-- rambler down\n{down}'),
    'node-pg-migrate': Format('{v}_{n}.sql', '-- Up Migration\n{up}\n-- Down Migration\n{down}'),
    'updown': Format('{v}_{n}.sql', '-- Description: d{i}\n-- Author: me\n-- UP\n{up}\n', None, '-- DOWN\n{down}'),
    'plain': Format('{v}_{n}.sql', '{up}', '{v}_rollback.sql', '{down}'),
    'supabase': Format('{v}_{n}.sql', '{up}'),
    'postgres-migrations': Format('{i}-{n}.sql', '{mark}{up}', marks=('-- postgres-migrations disable-transaction\n',),
                                  counts=True),
    'sqitch': Format('deploy/{n}{i}.sql', '{up}', 'revert/{n}{i}.sql', '{down}', more=sqitch_more),
    'drizzle': Format('{i:04d}_{n}.sql', '{up}--> statement-breakpoint\nSELECT 1;', more=drizzle_more),
    'drizzle folders': Format('{v}_{n}/migration.sql', '{up}', more=drizzle_folders_more),
    'prisma': Format('{v}_{n}/migration.sql', '{up}',
                     more=lambda random, migrations: [('migration_lock.toml', 'provider = "postgresql"')]),
    'diesel': Format('{v}_{n}/up.sql', '{up}', '{v}_{n}/down.sql', '{down}'),
    'atlas': Format('{v}_{n}.sql', '{mark}{up}', marks=('-- atlas:txmode none\n\n', '-- atlas:delimiter ;\n\n')),
    'graphile-migrate': Format('committed/{i:06d}-{n}.sql', '--! Previous: -\n--! Hash: sha1:{i}\n{mark}\n{up}',
                               marks=('--! no-transaction\n',)),
    'liquibase': Format(None, more=liquibase),
    'flyway callbacks': Format('V{v}__{n}.sql', '{up}', 'U{v}__{n}.sql', '{down}', more=flyway_callbacks),
    'play': Format('{i}.sql', '# --- !Ups\n{up}\n', None, '# --- !Downs\n{down}', counts=True),
    'hasura': Format('{v}_{n}/up.sql', '{mark}{up}', '{v}_{n}/down.sql', '{down}', marks=('-- hasura:no-transaction\n',),
                     more=hasura_more, versions=['17{:011d}', '{:013d}']),
    'pop': Format('{v}_{n}.up.sql', '{up}', '{v}_{n}.down.sql', '{down}', more=pop_more),
    'pop postgres': Format('{v}_{n}.postgres.up.sql', '{up}', '{v}_{n}.postgres.down.sql', '{down}', more=pop_more),
    'postgrator': Format('{v}.do.{n}.sql', '{up}', '{v}.undo.{n}.sql', '{down}'),
    'postgrator numbers': Format('{v}.do.sql', '{up}', '{v}.undo.sql', '{down}'),
    'yoyo': Format('20250101_{i:02d}_aB3xY-{n}.sql', '{mark}{up}', '20250101_{i:02d}_aB3xY-{n}.rollback.sql', '{down}',
                   marks=('-- transactional: false\n', '-- depends:\n'), more=yoyo_more),
    'flyway settings': Format('V{v}__{n}.sql', '{up}', 'U{v}__{n}.sql', '{down}', more=flyway_settings),
    'sqitch settings': Format('deploy/{n}{i}.sql', '{up}', 'revert/{n}{i}.sql', '{down}', more=sqitch_settings),
    'tern settings': Format('{i:03d}_{n}.sql', '{mark}{up}\n', None, '---- create above / drop below ----\n{down}', counts=True, more=tern_settings),
    'atlas checkpoints': Format('{v}_{n}.sql', '{mark}{up}', marks=('-- atlas:txmode none\n\n',), more=atlas_more),
    'plain numbers': Format('{v}.sql', '{up}', '{v}.down.sql', '{down}'),
    'plain pairs': Format('{v}.up.sql', '{up}', '{v}.down.sql', '{down}'),
    'plain dates': Format('2017-06-{i:02d}-{n}.sql', '{up}', '2017-06-{i:02d}-{n}.rollback.sql', '{down}'),
    'updown dates': Format('2017-06-05-{i:02d}{n}.sql', '-- UP\n{up}\n', None, '-- DOWN\n{down}'),
}

NAMES = ['create_users', 'a', 'b_c', 'add-email', '\u00e9', 'with space', 'a.b', 'DROP', '1']
EXTRAS = ['README.md', '.hidden.sql', 'x.go', 'seed.sql', '1_x.ts', 'sub/y.sql', 'U9__z.sql', 'atlas.sum', 'migration_lock.toml',
          'tern.conf']
INCLUDED = ['SELECT 1', 'CREATE TABLE inc (a int);', '\\ir inc.sql', 'COPY inc FROM stdin;\n1\n', "SELECT '", '']


def argument(name):
    """The name that the argument "format" has for it."""
    return name.split(' ')[0]


def migrations_of(random, form, wild):
    width = random.choice(form.versions)
    result = []
    for place in range(1, random.randint(1, 6) + 1):
        number = place
        if wild and not form.counts and random.random() < .06:
            number += random.randint(0, 2)
        up, down = scripts.pair(random, place, wild and random.random() < .6)
        if random.random() < .15:
            down = ''
        name = random.choice(NAMES) if random.random() < .2 else f'm{place}'
        result.append(Migration(place, width.format(number), name, up, down))
    return result


def generate(random, folder, name, wild):
    """Writes a directory of a format, with "wild" one that need not work."""
    form = FORMATS[name]
    migrations = migrations_of(random, form, wild)
    for migration in migrations if form.file else ():
        mark = random.choice(form.marks)
        text = migration.fill(form.text, mark)
        if migration.down and not form.down_file:
            text += migration.fill(form.down)
        folder.write(migration.fill(form.file), dirty(random, text) if wild else text)
        if migration.down and form.down_file:
            folder.write(migration.fill(form.down_file), migration.fill(form.down))
    for path, text in form.more(random, migrations) if form.more else ():
        folder.write(path, text)
    if wild and random.random() < .3:
        folder.write('inc.sql', random.choice(INCLUDED))
    if wild and random.random() < .05:
        folder.write(random.choice(EXTRAS), 'x')


def dirty(random, text):
    """Line ends and a mark that editors leave."""
    if random.random() < .02:
        text = '\ufeff' + text
    if random.random() < .05:
        text = text.replace('\n', '\r\n')
    return text
