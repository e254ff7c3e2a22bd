"""A model of histories: what each routine does to one, without a server.

A script is a list of transactions, each a list of operations: ('create', table),
('drop', table), ('fail',), and ('syntax',), which cannot be parsed.  Statements are
numbered through all transactions of a script."""

import copy


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
    return any(operation[0] == 'syntax' for _, operation in statements(script))


def run(operations, tables):
    for operation in operations:
        if operation[0] == 'create':
            if operation[1] in tables:
                raise Refused('42P07')
            tables.add(operation[1])
        elif operation[0] == 'drop':
            if operation[1] not in tables:
                raise Refused('42P01')
            tables.discard(operation[1])
        elif operation[0] == 'fail':
            raise Refused('22012')


# What of the model changes in a call and is undone if the call is a function that fails.
STATE = ('tables', 'rows', 'events', 'notified')


class Model:
    """One history, the directory it is applied from, and the tables of its schema.

    "events" are the rows of migrate.history that the last call has made: version,
    direction, outcome.  "notified" are its notifications: direction, outcome, number of
    migrations, version."""

    def __init__(self, settings):
        self.settings = settings
        self.files, self.tables, self.rows = {}, set(), []
        self.events, self.notified = [], []
        self.highest_batch = 0

    # What there is.

    def row(self, version):
        return next((row for row in self.rows if row.version == version), None)

    def is_changed(self, version):
        file, row = self.files.get(version), self.row(version)
        return file is not None and row is not None and file.up != row.up

    def state(self, version):
        file, row = self.files.get(version), self.row(version)
        if row is None:
            highest = max((row.version for row in self.rows), default=None)
            return 'out of order' if highest is not None and version < highest else 'pending'
        if row.state != 'applied':
            return 'interrupted'
        if file is None:
            return 'baseline' if row.baseline else 'missing'
        if self.is_changed(version):
            return 'modified'
        return 'baseline' if row.baseline else 'applied'

    def versions(self, with_files=True):
        return sorted(set(self.files if with_files else ()) | {row.version for row in self.rows})

    def version(self):
        return max((row.version for row in self.rows if row.state != 'up'), default=None)

    def is_interrupted(self):
        return any(row.state != 'applied' for row in self.rows)

    # Going up.

    def choose_up(self, args):
        """A function that returns the pending versions that the arguments choose."""
        target, steps, versions = args.get('target'), args.get('steps'), args.get('versions')
        if (target is not None) + (steps is not None) + (versions is not None) > 1:
            raise Refused('22023')
        if steps is not None and steps < 1:
            raise Refused('22023')
        return lambda: self.chosen_of(target, steps, versions)

    def chosen_of(self, target, steps, versions):
        items = self.versions()
        if any(version not in items for version in list(versions or []) + ([] if target is None else [target])):
            raise Refused('42704')
        pending = [version for version in items if self.state(version) in ('pending', 'out of order', 'interrupted')]
        if versions is not None:
            return [version for version in pending if version in versions]
        if target is not None:
            return [version for version in pending if version <= target]
        return pending[:steps]

    def check_interrupted_up(self, commits, ignored):
        for version in self.versions():
            row = self.row(version)
            if self.state(version) == 'interrupted' and version not in ignored and not (
                    commits and row.state == 'up' and version in self.files):
                raise Refused('55000', 'interrupted')

    def plan_up(self, args, commits):
        """The versions that a run with these arguments applies.  A call looks first
        without the lock: if nothing of the directory is to be done, what is interrupted
        without a file does not matter."""
        if not self.files:
            raise Refused('58P01')
        choose = self.choose_up(args)
        interrupted = [row.version for row in self.rows if row.state != 'applied']
        ignored = []
        if not any(version in self.files for version in interrupted):
            if not any(version in self.files for version in choose()) and not list(self.changed_downs()):
                ignored = interrupted
        self.check_interrupted_up(commits, ignored)
        if self.settings['on_modified'] == 'error' and any(self.state(version) == 'modified' for version in self.versions()):
            raise Refused('55000', 'modified')
        chosen = choose()
        if any(version not in chosen and version not in ignored for version in interrupted):
            raise Refused('55000', 'an interrupted one is not chosen')
        if self.settings['out_of_order'] == 'error' and any(self.state(version) == 'out of order' for version in chosen):
            raise Refused('55000', 'out of order')
        return [version for version in chosen if version not in ignored]

    def check_done(self, row, script, stored):
        """What an interrupted migration has done must be in the script as it ran."""
        if row.done > len(statements(script)) or statements(stored)[:row.done] != statements(script)[:row.done]:
            raise Refused('55000', 'what is done has changed')

    def changed_downs(self):
        """The rows whose stored down script another one replaces."""
        for version, file in self.files.items():
            row = self.row(version)
            if row and row.state == 'applied' and not self.is_changed(version) and file.down not in (None, row.down):
                yield row, file.down

    def replace_downs(self):
        for row, script in list(self.changed_downs()):
            row.down = script

    def record_up(self, file, outcome='done', baseline=False):
        self.rows.append(Row(file.version, file.name, file.up, file.down, baseline))
        self.events.append((file.version, 'up', outcome))

    def notify(self, direction, outcome, versions, failed=None):
        if versions or failed is not None:
            self.notified.append((direction, outcome, len(versions), versions[-1] if failed is None else failed))

    def apply(self, args):
        chosen = self.plan_up(args, False)
        if any(has_syntax_error(self.files[version].up) for version in chosen):
            raise Refused('42601')
        self.replace_downs()
        for version in chosen:
            file, tables, outcome = self.files[version], set(self.tables), 'done'
            try:
                run([operation for _, operation in statements(file.up)], tables)
                self.tables = tables
            except Refused as error:
                if not args.get('adopt_existing') or error.code != '42P07':
                    raise
                outcome = 'adopted'
            self.record_up(file, outcome)
        self.notify('up', 'done', chosen)
        return chosen

    def run_committing(self, script, begin):
        """Runs the transactions of a script from a statement on; yields the number of
        statements that are committed after each."""
        all_statements = statements(script)
        while begin < len(all_statements):
            end = begin
            while end < len(all_statements) and all_statements[end][0] == all_statements[begin][0]:
                end += 1
            tables = set(self.tables)
            run([operation for _, operation in all_statements[begin:end]], tables)
            self.tables = tables
            begin = end
            yield begin

    def up(self, args):
        chosen = self.plan_up(args, True)
        for version in chosen:
            file, row = self.files[version], self.row(version)
            if has_syntax_error(file.up):
                raise Refused('42601')
            if row:
                self.check_done(row, file.up, row.up)
        self.replace_downs()
        done = []
        for version in chosen:
            file, row, outcome = self.files[version], self.row(version), 'done'
            committed = row.done if row else 0
            try:
                for committed in self.run_committing(file.up, committed):
                    pass
            except Refused as error:
                if args.get('adopt_existing') and error.code == '42P07' and len(file.up) == 1 and not row:
                    outcome = 'adopted'
                else:
                    self.events.append((version, 'up', 'failed'))
                    self.notify('up', 'failed', done, version)
                    self.interrupt_up(row, file, committed)
                    raise
            if row:
                self.rows.remove(row)
            self.record_up(file, outcome)
            done.append(version)
        self.notify('up', 'done', done)
        return done

    def interrupt_up(self, row, file, committed):
        if row:
            self.rows.remove(row)
        if committed > 0:
            row = Row(file.version, file.name, file.up, file.down)
            row.state, row.done = 'up', committed
            self.rows.insert(0, row)

    # Going down.

    def plan_down(self, args, commits, from_files):
        """The rows that a run with these arguments undoes."""
        target, steps, everything = args.get('target'), args.get('steps'), args.get('everything')
        if from_files and not self.files:
            raise Refused('58P01')
        if (target is not None) + (steps is not None) + bool(everything) > 1:
            raise Refused('22023')
        if steps is not None and steps < 1:
            raise Refused('22023')
        for row in self.rows:
            if row.state != 'applied' and not (commits and row.state == 'down'):
                raise Refused('55000', 'interrupted')
        count = len(self.rows)
        if count == 0 or everything:
            undone = count
        elif target is not None:
            if target not in self.versions(from_files):
                raise Refused('42704')
            if not self.row(target):
                raise Refused('55000', 'the target is not applied')
            undone = count - 1 - self.rows.index(self.row(target))
        elif steps is not None:
            undone = min(steps, count)
        else:
            undone = next((place for place, row in enumerate(reversed(self.rows)) if row.batch != self.rows[-1].batch), count)
        if any(row.state != 'applied' for row in self.rows[:count - undone]):
            raise Refused('55000', 'interrupted')
        chosen = self.rows[::-1][:undone]
        if any(row.baseline and row.state == 'applied' for row in chosen) and not args.get('force'):
            raise Refused('55000', 'baseline')
        return chosen

    def check_down(self, chosen, args, from_files):
        """Each row with its script, None for one that is only recorded."""
        result = []
        scripts = [self.files[row.version].down if from_files and row.version in self.files else row.down for row in chosen]
        if any(has_syntax_error(script or []) for script in scripts):
            raise Refused('42601')
        for row, script in zip(chosen, scripts):
            if script is not None and row.state == 'down':
                self.check_done(row, script, row.down)
            if not script or not statements(script):
                if not args.get('force'):
                    raise Refused('55000', 'irreversible')
                script = None
            result.append((row, script))
        return result

    def record_down(self, row, script):
        self.rows.remove(row)
        self.events.append((row.version, 'down', 'forced' if script is None else 'done'))

    def undo(self, plan):
        for row, script in plan:
            run([operation for _, operation in statements(script or [])], self.tables)
            self.record_down(row, script)
        versions = [row.version for row, _ in plan]
        self.notify('down', 'done', versions)
        return versions

    def rollback(self, args, from_files=False):
        return self.undo(self.check_down(self.plan_down(args, False, from_files), args, from_files))

    def down(self, args, from_files=False):
        plan = self.check_down(self.plan_down(args, True, from_files), args, from_files)
        done = []
        for row, script in plan:
            committed = row.done if row.state == 'down' else 0
            try:
                for committed in self.run_committing(script or [], committed):
                    pass
            except Refused:
                self.events.append((row.version, 'down', 'failed'))
                self.notify('down', 'failed', done, row.version)
                if committed > 0:
                    row.state, row.done = 'down', committed
                    if from_files and row.version in self.files:
                        row.down = script
                raise
            self.record_down(row, script)
            done.append(row.version)
        self.notify('down', 'done', done)
        return done

    def reapply(self, everything, from_files):
        """redo() and refresh()."""
        args = {'everything': True} if everything else {'steps': 1}
        if from_files and not self.files:
            raise Refused('58P01')
        if not self.rows and not (everything and from_files):
            return []
        chosen = self.plan_down(args, False, from_files)
        if everything and from_files:
            again = [self.files[version] for version in sorted(self.files)]
        else:
            again = [from_files and self.files.get(row.version) or File(row.version, row.name, row.up, row.down)
                     for row in reversed(chosen)]
        plan = self.check_down(chosen, args, from_files)
        if any(has_syntax_error(file.up) for file in again):
            raise Refused('42601')
        self.undo(plan)
        for file in again:
            run([operation for _, operation in statements(file.up)], self.tables)
            self.record_up(file)
        versions = [file.version for file in again]
        self.notify('up', 'done', versions)
        return versions

    def is_foreign(self, row):
        """Whether the directory does not have what is applied."""
        file = self.files.get(row.version)
        return file is None or (self.state(row.version) == 'modified' and file.name != row.name)

    def sync(self):
        if self.settings['allow_sync'] != 'on':
            raise Refused('55000', 'not allowed')
        if not self.files:
            raise Refused('58P01')
        if self.rows and all(self.is_foreign(row) for row in self.rows):
            raise Refused('55000', 'nothing in common')
        if self.is_interrupted():
            raise Refused('55000', 'interrupted')
        downs = [row for row in self.rows[::-1] if self.is_foreign(row) and not row.baseline]
        plan = self.check_down(downs, {}, False)
        every, self.rows = self.rows, [row for row in self.rows if row not in downs]
        chosen = self.plan_up({}, False)
        if any(has_syntax_error(self.files[version].up) for version in chosen):
            raise Refused('42601')
        self.replace_downs()
        self.rows = every
        undone = self.undo(plan)
        for version in chosen:
            run([operation for _, operation in statements(self.files[version].up)], self.tables)
            self.record_up(self.files[version])
        self.notify('up', 'done', chosen)
        return undone + chosen

    # What runs nothing.

    def accept(self):
        """repair() of changed files."""
        if not self.files:
            raise Refused('58P01')
        changed = []
        for version in self.versions():
            file, row = self.files.get(version), self.row(version)
            if file and row and row.state == 'applied' and (file.up, file.down) != (row.up, row.down):
                changed.append(version)
                row.up, row.down = file.up, file.down
        return changed

    def set_state(self, version, state):
        """repair() with a state."""
        if version not in self.versions():
            raise Refused('42704')
        row = self.row(version)
        if state == 'applied':
            if row and row.state == 'applied':
                return []
            if row:
                self.rows.remove(row)
                row.state, row.done = 'applied', 0
                self.rows.append(row)
                self.events.append((version, 'up', 'repaired'))
            else:
                self.record_up(self.files[version], 'repaired')
        else:
            if not row:
                return []
            self.rows.remove(row)
            self.events.append((version, 'down', 'repaired'))
        return [version]

    def baseline(self, version):
        if not self.files:
            raise Refused('58P01')
        items = self.versions()
        if version is not None and version not in items:
            raise Refused('42704')
        if self.is_interrupted():
            raise Refused('55000', 'interrupted')
        chosen = [item for item in items if not self.row(item) and (version is None or item <= version)]
        for item in chosen:
            self.record_up(self.files[item], 'baseline', baseline=True)
        return chosen

    def adopt(self, versions, through):
        """The tool's table has these versions, with "through" one for all up to it."""
        if not self.files:
            raise Refused('58P01')
        result = []
        for version in versions:
            before = [item for item in sorted(self.files) if through and item < version]
            for item in before + [version]:
                if item not in self.versions():
                    result.append(item)
                elif not self.row(item) and item not in result:
                    self.record_up(self.files[item], 'adopted')
                    result.append(item)
        return result

    def is_current(self):
        """Whether apply() would neither do anything nor fail."""
        try:
            return self.plan_up({}, False) == []
        except Refused:
            return False

    # A call.

    def call(self, commits, routine, *args):
        """The SQLSTATE and the versions of the result; a function that fails does
        nothing."""
        self.events, self.notified = [], []
        before = copy.deepcopy({name: getattr(self, name) for name in STATE})
        try:
            return 'ok', routine(*args), ''
        except Refused as error:
            if not commits:
                self.__dict__.update(before)
                self.events, self.notified = [], []
            return error.code, None, error.why
