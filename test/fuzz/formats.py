"""Directories of each format.

A format is a row of FORMATS.  Text in rows has {v} for the version, {n} for the name,
{i} for the place in the order, {up} and {down} for the scripts, and {mark} for one of
"marks", which a format has for transactions and such.  "more" writes what there is
beside the migrations, such as a manifest."""

import scripts


class Format:
    def __init__(self, file, text='{mark}{up}', down_file=None, down='', marks=(), counts=False, more=None):
        self.file, self.text = file, text
        # the down script has a file of its own, or follows the up script
        self.down_file, self.down = down_file, down
        self.marks = ('', '', '') + marks
        # whether versions count from 1, without gaps
        self.counts, self.more = counts, more


class Migration:
    def __init__(self, place, version, name, up, down):
        self.place, self.version, self.name, self.up, self.down = place, version, name, up, down

    def fill(self, template, mark=''):
        return template.format(v=self.version, n=self.name, i=self.place, up=self.up, down=self.down, mark=mark)


def flyway_more(random, migrations):
    for migration in migrations:
        if random.random() < .2:
            yield f'R__{migration.name}r.sql', f'CREATE OR REPLACE VIEW rv AS SELECT {random.randint(0, 3)} AS a;'
        if random.random() < .05:
            conf = random.choice(['executeInTransaction=false', 'x=', 'executeInTransaction=', '\\u00', 'a\\'])
            yield migration.fill('V{v}__{n}.sql.conf'), conf


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
            text += f'--changeset me:{migration.place}-{number}{random.choice(options)}\n{up}\n'
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
}

NAMES = ['create_users', 'a', 'b_c', 'add-email', '\u00e9', 'with space', 'a.b', 'DROP', '1']
EXTRAS = ['README.md', '.hidden.sql', 'x.go', 'seed.sql', '1_x.ts', 'sub/y.sql', 'U9__z.sql', 'atlas.sum', 'migration_lock.toml',
          'tern.conf']
INCLUDED = ['SELECT 1', 'CREATE TABLE inc (a int);', '\\ir inc.sql', 'COPY inc FROM stdin;\n1\n', "SELECT '", '']


def argument(name):
    """The name that the argument "format" has for it."""
    return name.split(' ')[0]


def migrations_of(random, form, wild):
    width = random.choice(['{:d}', '{:03d}', '20250101{:06d}'])
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
