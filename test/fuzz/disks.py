"""A disk that is full: the server may not write more than a part of what the
migrations need, which is for it as if the disk were full, wherever that happens.
Afterwards history and schema agree, and the rest can be done once there is room."""

from server import Fault, Folder, Session, drop_database, new_database

MIGRATIONS = 5
ROW = 1000
# Above a segment of the WAL, without which no server goes on.
LIMIT = 17 << 20
# Below and above the limit.
SMALL, LARGE = [10, 500], [22000, 30000]
# EFBIG has no SQLSTATE of its own.
CODES = ('53100', 'XX000', '58030')


def write(random, folder):
    """The migrations; returns the number of rows of each table."""
    expected = {}
    for number in range(1, MIGRATIONS + 1):
        rows = random.choice(random.choice([SMALL, SMALL, LARGE]))
        insert = f"INSERT INTO d{number} SELECT repeat('x', {ROW}) FROM generate_series(1, {rows});\n"
        up = f'CREATE TABLE d{number} (x text);\nALTER TABLE d{number} ALTER x SET STORAGE PLAIN;\n' + insert
        parts = 1
        if random.random() < .3:
            up, parts = up + 'COMMIT;\nBEGIN;\n' + insert, 2
        if random.random() < .3:
            up += f'CREATE INDEX CONCURRENTLY d{number}_x ON d{number} (x);\n'
        folder.write(f'{number}_m.up.sql', up)
        folder.write(f'{number}_m.down.sql', f'DROP TABLE d{number};\n')
        expected[number] = parts * rows
    return expected


class Disks:
    """Rounds of one directory that does not fit, and then does."""

    name, unit, group, share = 'disks', 'directories', 1, .02
    before = ''

    def __init__(self, place, label):
        self.place, self.database, self.counts, self.session = place, f'fuzz_disks_{label}', {}, None

    def limit(self, size):
        """A new session, which has what the postmaster has, as the server's own user may say."""
        self.session.rows(f"COPY (SELECT 1 WHERE false) TO PROGRAM 'prlimit --fsize={size}:unlimited --pid $(head -n 1 postmaster.pid)'")
        self.connect()

    def connect(self):
        if self.session is not None:
            self.session.close()
        self.session = Session(self.database, self.log, watch=False)
        self.session.check_messages = lambda result: None

    def run(self, random, log, seed):
        new_database(self.database)
        self.log = log
        self.connect()
        folder = Folder(self.place, log)
        expected = write(random, folder)
        sql = random.choice(["CALL migrate.up(%)", 'SELECT count(*) FROM migrate.apply(%)']).replace('%', f"'{folder.path}'")
        try:
            self.limit(LIMIT)
            result = self.session.run(sql)
            self.counts[result.code] = self.counts.get(result.code, 0) + 1
            if not result.ok and result.code not in CODES:
                raise Fault(f'{sql}: {result}')
            self.agree(sql, result)
            self.limit('unlimited')
            self.session.rows(f"CALL migrate.up('{folder.path}')")
            for number, rows in expected.items():
                if self.session.value(f'SELECT count(*) FROM d{number}') != rows:
                    raise Fault(f'd{number} does not have {rows} rows')
            if self.session.rows('SELECT 1 FROM pg_index WHERE NOT indisvalid'):
                raise Fault('an INVALID index is left')
            self.session.rows('CALL migrate.down(everything => true)')
        except Fault as fault:
            fault.folder = folder
            raise
        finally:
            self.limit('unlimited')
        self.session.close()
        self.session = None
        return 1

    def agree(self, sql, result):
        rows = self.session.rows
        tables = {int(name[1:]) for name, in rows("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname ~ '^d[0-9]$'")}
        applied = {int(version): state for version, state in rows('SELECT version, state FROM migrate.applied')}
        if {version for version, state in applied.items() if state == 'applied'} - tables or tables - set(applied):
            raise Fault(f'{result}: tables {tables}, history {applied}')
        if not result.ok and not sql.startswith('CALL') and (tables or applied):
            raise Fault(f'apply has left {tables} {applied}')

    def failed(self):
        self.session = None

    def end(self):
        drop_database(self.database)
