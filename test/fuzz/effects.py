"""Files, rows of a history, and what statements do to tables, without a server.

A script is a list of transactions, each a list of operations: ('create', table),
('ensure', table), which may be there, ('drop', table), ('fail',), ('finding',), which a
rule of check() stops at, ('allowed',), which a comment allows, and ('syntax',), which
cannot be parsed.  Statements are numbered through all transactions of a script.

Versions are numbers in the order of migrations: repeatable ones come last, and a
baseline file comes directly after the version that it has."""

# From here on, versions are repeatable migrations, known by their names.
REPEATABLE = 1000
# Added to the version of a baseline file.
BASELINE = .5


class Refused(Exception):
    """The call ends with this SQLSTATE."""

    def __init__(self, code, why=''):
        super().__init__(code, why)
        self.code, self.why = code, why


class File:
    """A migration of the directory; "look" changes comments and white space."""

    def __init__(self, version, name, up, down):
        self.version, self.name, self.up, self.down, self.look = version, name, up, down, 0


class Row:
    """A migration of the history.  "state" is applied, up or down; with the last two it
    is interrupted after "done" statements."""

    def __init__(self, version, name, up, down, baseline=False):
        self.version, self.name, self.up, self.down = version, name, up, down
        self.state, self.done, self.baseline, self.batch = 'applied', 0, baseline, None


def statements(script):
    """Each with the number of its transaction."""
    return [(number, operation) for number, transaction in enumerate(script) for operation in transaction]


def has_syntax_error(script):
    return has('syntax', script)


def has(operation, script):
    return any(one[0] == operation for _, one in statements(script))


def run(operations, tables):
    for operation in operations:
        if operation[0] == 'ensure':
            tables.add(operation[1])
        elif operation[0] == 'create':
            if operation[1] in tables:
                raise Refused('42P07')
            tables.add(operation[1])
        elif operation[0] == 'drop':
            if operation[1] not in tables:
                raise Refused('42P01')
            tables.discard(operation[1])
        elif operation[0] == 'fail':
            raise Refused('22012')
