"""The tables of tools: how they are made, what migrate.keep_in_step writes to them, and
what adopt() reads.  A new tool is a class, and a row of TOOLS."""

from effects import BASELINE, REPEATABLE, Refused


class Tool:
    """A table, whose name is that of the class."""

    columns, row = '', ''
    shown = ''          # what is compared: an expression, and an order
    through = False     # a row is for all versions up to it

    def __init__(self):
        self.rows = []

    def query(self, schema):
        columns, _, order = self.shown.partition(' ORDER BY ')
        return f'SELECT {columns} FROM {schema}.{self.table} ORDER BY {order or 1}'

    def applied(self):
        """The versions, in the order in which adopt() records them."""
        return list(self.rows)

    def can_be_adopted(self):
        return True

    def up(self, model, file):
        self.rows.append(file.version)

    def down(self, model, row):
        self.rows = [version for version in self.rows if version != row.version]

    def check(self, model, downs, ups, known):
        """55000 if the tool has applied one of those already; "known" are all versions
        that the run knows."""
        kept = [row.version for row in model.rows]
        for version in self.applied():
            meant = [one for one in ups if one <= version] if self.through else [one for one in ups if one == version]
            if any(one not in kept for one in meant if one < REPEATABLE):
                raise Refused('55000', 'applied by the tool')


class Goose(Tool):
    table, shown = 'goose_db_version', 'version_id ORDER BY id'
    columns = 'id serial, version_id bigint, is_applied boolean, tstamp timestamp DEFAULT now()'
    row = '(DEFAULT, {}, true, now())'


class GolangMigrate(Tool):
    table, shown, through = 'schema_migrations', 'version', True
    columns, row = 'version bigint PRIMARY KEY, dirty boolean', '({}, false)'

    def up(self, model, file):
        self.rows = [max(row.version for row in model.rows)]

    def down(self, model, row):
        self.rows = [max(row.version for row in model.rows)] if model.rows else []

    def check(self, model, downs, ups, known):
        super().check(model, downs, ups, known)
        after = {row.version for row in model.rows} - set(downs) | set(ups)
        if any(version not in after for version in known if after and version < max(after)):
            raise Refused('55000', 'a gap')


class Diesel(Tool):
    table = '__diesel_schema_migrations'
    columns, row = 'version varchar PRIMARY KEY, run_on timestamp DEFAULT now()', "('{:03d}')"


class Flyway(Tool):
    """Rows are the version, or the name of a repeatable migration, and its type."""

    table, shown = 'flyway_schema_history', "coalesce(version, description), type ORDER BY installed_rank"
    columns = ('installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000),'
               ' checksum int, installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int, success boolean')
    row = "({0}, '{0}', 'a', 'SQL', 'V{0}__a.sql', NULL, 'me', now(), 1, true)"

    @staticmethod
    def key(version, name):
        return name if version >= REPEATABLE else str(int(version))

    def up(self, model, file):
        self.rows.append((self.key(file.version, file.name), 'SQL_BASELINE' if file.version % 1 == BASELINE else 'SQL'))

    def down(self, model, row):
        key = self.key(row.version, row.name)
        if any(known == key for known, _ in self.rows):
            self.rows.append((key, 'DELETE'))

    def applied(self):
        newest = {}
        for key, type_ in self.rows:
            newest.pop(key, None)
            newest[key] = type_
        return [int(key) + BASELINE * (type_ == 'SQL_BASELINE') for key, type_ in newest.items() if type_ != 'DELETE' and key.isdigit()]

    def can_be_adopted(self):
        # whether a repeatable one is recorded depends on its checksum
        return all(type_ == 'SQL' and key.isdigit() for key, type_ in self.rows)


TOOLS = {'goose': Goose, 'golang-migrate': GolangMigrate, 'diesel': Diesel, 'flyway': Flyway}
IN_STEP = ('goose', 'golang-migrate', 'flyway')


class Tools:
    """The tables that there are, by schema and format."""

    def __init__(self):
        self.tables = {}

    def find(self, schema, format):
        """The table to keep in step."""
        if format not in IN_STEP:
            raise Refused('0A000')
        table = self.look(schema, format)
        if table is None:
            raise Refused('42P01')
        return table

    def look(self, schema, format):
        return self.tables.get((schema, format)) or self.tables.get(('public', format))
