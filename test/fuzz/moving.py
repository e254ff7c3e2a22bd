"""Files that change while CALL up or apply runs: each migration runs as it was or as it
is, what is stored is what ran, and a call that fails says so."""

import threading

import psycopg

from server import PATIENCE, Fault, Folder, connect, drop_database, new_database

MIGRATIONS = 4
PADDING = '-- ' + 'x' * 70000 + '\n'

# What happens to a file, %; beside it is one that makes another table.  @ is the
# directory, &n the number of the file.
CHANGES = [
    'cat %.new >%', 'mv %.new %', 'echo "-- a comment" >>%', ': >%', 'rm %', 'rm %; mkfifo -m 644 %', 'rm %; mkdir %', 'chmod 0 %',
    'rm -rf @', 'mv @ @.away; mkdir @', 'mv @ @.away; mv @.other @', 'rm %; ln -s ../outside %',
    'cp % %.copy; mv %.copy %', 'echo "SELECT 1;" >@/009_new.up.sql', 'mv % @/0&n_renamed.up.sql',
    'echo "DROP TABLE IF EXISTS m&n;" >@/00&n_m.down.sql', 'rm @/00&n_m.down.sql', 'printf "\\377" >>%', 'truncate -s 100 %',
]
CODES = ('ok', '55000', '58P01', '42501', '22021', '42601', '42809', '42710', '22P05', '0A000', '58000', '58030')


def up_text(random, number, column):
    gate = 'LOCK TABLE gate IN SHARE MODE;\n' if number < MIGRATIONS else ''
    padding = PADDING if random.random() < .4 else ''
    return f'{padding}{gate}CREATE TABLE m{number} ({column} int);\n'


class Call(threading.Thread):
    def __init__(self, database, sql):
        super().__init__()
        self.sql, self.code, self.message, self.connection = sql, None, '', connect(database)
        self.pid = self.connection.info.backend_pid

    def run(self):
        try:
            self.connection.execute(self.sql)
            self.code = 'ok'
        except psycopg.Error as error:
            self.code, self.message = error.sqlstate, str(error)


class Moving:
    """Rounds of one call, with one or more changes."""

    name, unit, group, share = 'moving', 'calls', 10, .1
    before = ''

    def __init__(self, place, label):
        self.place, self.database, self.counts, self.connection = place, f'fuzz_moving_{label}', {}, None

    def run(self, random, log, seed):
        folder = Folder(self.place, log)
        other = Folder(f'{self.place}.other', log)
        for number in range(1, MIGRATIONS + 1):
            name = f'00{number}_m.up.sql'
            folder.write(name, up_text(random, number, 'first'))
            folder.write(name + '.new', up_text(random, number, 'second'))
            folder.write(f'00{number}_m.down.sql', f'DROP TABLE m{number};\n')
            other.write(name, up_text(random, number, 'third'))
        if self.connection is None:
            new_database(self.database)
            self.connection = connect(self.database)
        self.clear()
        sql = random.choice(['CALL migrate.up(%)', 'SELECT count(*) FROM migrate.apply(%)']).replace('%', f"'{folder.path}'")
        moments = {random.randint(1, MIGRATIONS - 1) for _ in range(random.choice([1, 1, 2]))}
        log.note(f'{sql}, changed before it gets the lock of migrations {sorted(moments)}')
        try:
            code = self.call(random, folder, sql, moments)
            self.compare(code, sql)
        except Fault as fault:
            fault.folder = folder
            raise
        finally:
            for more in ('.away', '.other'):
                Folder(self.place + more, log).delete()
            folder.delete()
        return 1

    def clear(self):
        self.connection.execute('SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public')
        self.connection.execute('CREATE TABLE gate ()')
        self.connection.execute('DELETE FROM migrate.applied; DELETE FROM migrate.history; DELETE FROM migrate.script')

    def call(self, random, folder, sql, moments):
        """Each migration but the last one waits for a lock, which is released for it."""
        call = Call(self.database, sql)
        self.connection.execute('BEGIN; LOCK TABLE gate')
        call.start()
        for number in range(1, MIGRATIONS):
            if not self.waits(call, number, sql):
                break
            if number in moments:
                changed = str(random.randint(1, MIGRATIONS))
                folder.replace(f'00{changed}_m.up.sql', random.choice(CHANGES).replace('&n', changed))
            if sql.startswith('CALL') and number < MIGRATIONS - 1:
                # the next one has to wait again
                self.connection.execute(f"COMMIT; BEGIN; SELECT pg_sleep(0.02)")
                self.connection.execute('LOCK TABLE gate')
            else:
                self.connection.execute('COMMIT')
                break
        self.connection.execute('ROLLBACK')
        call.join(PATIENCE)
        if call.is_alive():
            raise Fault('the call does not end')
        call.connection.close()
        self.counts[call.code] = self.counts.get(call.code, 0) + 1
        if call.code not in CODES:
            raise Fault(f'{call.code} {call.message}')
        return call.code

    def waits(self, call, number, sql):
        """Whether it waits for the lock; it may also have ended."""
        for _ in range(PATIENCE * 50):
            if not call.is_alive():
                return False
            with connect(self.database) as other:
                if other.execute('SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted', [call.pid]).fetchone()[0]:
                    return True
            threading.Event().wait(.02)
        raise Fault('the call neither waits nor ends')

    def compare(self, code, sql):
        """The history has what there is, and the text that made it."""
        query = self.connection.execute
        applied = dict(query('SELECT version::int, (SELECT text FROM migrate.script s WHERE s.sha256 = up_sha256 LIMIT 1)'
                             " FROM migrate.applied WHERE state = 'applied'").fetchall())
        tables = dict(query("SELECT substring(relname FROM 2)::int, (SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1)"
                            " FROM pg_class c WHERE relname ~ '^m[0-9]$'").fetchall())
        for number, column in tables.items():
            if f'({column} int)' not in applied.get(number, ''):
                raise Fault(f'm{number} has the column {column}, its script is {applied.get(number)}')
        if not sql.startswith('CALL') and code != 'ok' and (applied or tables):
            raise Fault(f'apply failed with {code} and left {sorted(applied)} {tables}')
        if [number for number in applied if number <= MIGRATIONS and number not in tables and 'm%d' % number in applied[number]]:
            raise Fault(f'applied {sorted(applied)}, but there are {tables}')
        if query("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
                 " WHERE locktype = 'advisory' AND datname = current_database()").fetchone()[0]:
            raise Fault('a lock for runs is left')

    def failed(self):
        self.connection = None

    def end(self):
        if self.connection is not None:
            self.connection.close()
        drop_database(self.database)
