"""How the steps of a run are run: in one transaction, or with a commit after each, with
callbacks among them."""

import itertools

from effects import REPEATABLE, Refused, Row, run, statements


class Runs:
    """The part of a model that runs what has been planned.  A step is the file of a
    callback, or a tuple that begins with a version."""

    # Callbacks.

    def callbacks_are_due(self):
        return self.settings['callbacks_always'] == 'on' and any('Undo' not in event for event, _ in self.callbacks.values())

    def callbacks_of(self, *events):
        """The files of the events, in the order in which they run."""
        return [name for event in events for name in sorted(self.callbacks, key=lambda name: name[:-len('.sql')])
                if self.callbacks[name][0] == event]

    def with_callbacks(self, steps, direction, from_files=True):
        """Migrations with the files of callbacks among them; "steps" begin with their
        version."""
        if not from_files or not (steps or (direction == 'up' and self.settings['callbacks_always'] == 'on')):
            return steps
        if direction == 'down':
            return self.callbacks_of('beforeUndo') + steps + self.callbacks_of('afterUndo')
        versioned = list(itertools.takewhile(lambda step: step[0] < REPEATABLE, steps))
        rest = steps[len(versioned):]
        result = self.callbacks_of('beforeValidate', 'afterValidate', 'beforeMigrate') + versioned + self.callbacks_of('afterVersioned')
        if rest:
            result += self.callbacks_of('beforeRepeatables') + rest
        return result + self.callbacks_of(*['afterMigrateApplied'] * bool(steps), 'afterMigrate')

    def run_callbacks(self, names, direction):
        """In the transaction of a migration."""
        for name in names:
            run([operation for _, operation in statements(self.callbacks[name][1])], self.tables)
            self.events.append((name, direction, 'done'))

    def callbacks_of_each(self, direction, from_files=True):
        what = 'Migrate' if direction == 'up' else 'Undo'
        return [self.callbacks_of(f'{when}Each{what}') if from_files else [] for when in ('before', 'after')]

    # Recording.

    def record_up(self, file, outcome='done', baseline=False):
        self.rows = [row for row in self.rows if row.version != file.version]
        self.rows.append(Row(file.version, file.name, file.up, file.down, baseline))
        self.events.append((file.version, 'up', outcome))
        if self.tool:
            self.tool.up(self, file)

    def record_down(self, row, script):
        self.rows.remove(row)
        self.events.append((row.version, 'down', 'forced' if script is None else 'done'))
        if self.tool:
            self.tool.down(self, row)

    def notify(self, direction, outcome, versions, failed=None):
        if versions or failed is not None:
            self.notified.append((direction, outcome, len(versions), versions[-1] if failed is None else failed))

    # Up.

    def run_up(self, steps, adopt_existing=False):
        """In one transaction."""
        around = self.callbacks_of_each('up')
        versions = []
        for step in steps:
            if isinstance(step, str):
                self.run_callbacks([step], 'up')
                continue
            version, file = step
            self.record_up(file, self.run_single(file.up, 'up', around, adopt_existing))
            versions.append(version)
        self.notify('up', 'done', versions)
        return versions

    def in_transaction(self, body):
        """Undoes what it has done if it fails."""
        before = set(self.tables), list(self.events)
        try:
            return body()
        except Refused:
            self.tables, self.events = before
            raise

    def run_single(self, script, direction, around=((), ()), adopt_existing=False):
        """A script in a transaction, with the callbacks before and after it.  Returns the
        outcome: what it creates may be there."""
        tables, outcome = None, 'done'
        self.run_callbacks(around[0], direction)
        try:
            tables = set(self.tables)
            run([operation for _, operation in statements(script)], self.tables)
        except Refused as error:
            if not adopt_existing or error.code != '42P07':
                raise
            self.tables, outcome = tables, 'adopted'
        self.run_callbacks(around[1], direction)
        return outcome

    def run_committing(self, script, begin=0, direction='up', around=((), ())):
        """Runs the transactions of a script from a statement on, and the callbacks before
        and after it; yields the number of statements that are committed after each."""
        (before, after), all_statements = around, statements(script)

        def transaction(begin, end):
            run([operation for _, operation in all_statements[begin:end]], self.tables)

        if len(script) <= 1:
            self.in_transaction(lambda: self.run_single(script, direction, around))
            return
        self.in_transaction(lambda: self.run_callbacks(before, direction))
        while begin < len(all_statements):
            end = begin
            while end < len(all_statements) and all_statements[end][0] == all_statements[begin][0]:
                end += 1
            self.in_transaction(lambda: transaction(begin, end))
            begin = end
            yield begin
        self.in_transaction(lambda: self.run_callbacks(after, direction))

    def attempt_callback(self, name, direction):
        """A callback that commits by itself."""
        event, script = self.callbacks[name]
        try:
            for _ in self.run_committing(script):
                pass
        except Refused:
            self.events.append((name, direction, 'failed'))
            self.notify(direction, 'failed', self.done, self.done[-1] if self.done else '')
            if event in ('afterVersioned', 'beforeRepeatables'):
                self.attempt_error_callbacks(direction, 'afterMigrateError')
            raise
        self.events.append((name, direction, 'done'))

    def attempt_error_callbacks(self, direction, *events):
        """After a failure; if they fail, too, that does not matter."""
        for name in self.callbacks_of(*events):
            try:
                for _ in self.run_committing(self.callbacks[name][1]):
                    pass
                self.events.append((name, direction, 'done'))
            except Refused:
                self.events.append((name, direction, 'failed'))

    def attempt_up(self, file, adopt_existing):
        row, outcome = self.row(file.version), 'done'
        committed = row.done if row else 0
        around = self.callbacks_of_each('up')
        try:
            if len(file.up) <= 1:
                outcome = self.in_transaction(lambda: self.run_single(file.up, 'up', around, adopt_existing))
            else:
                for committed in self.run_committing(file.up, committed, 'up', around):
                    pass
        except Refused:
            self.events.append((file.version, 'up', 'failed'))
            self.notify('up', 'failed', self.done, file.version)
            self.interrupt_up(row, file, committed)
            self.attempt_error_callbacks('up', 'afterEachMigrateError', 'afterMigrateError')
            raise
        self.record_up(file, outcome)

    def interrupt_up(self, row, file, committed):
        if committed == 0 and (row is None or row.state == 'applied'):
            return
        if row:
            self.rows.remove(row)
        if committed > 0:
            row = Row(file.version, file.name, file.up, file.down)
            row.state, row.done = 'up', committed
            self.rows.insert(0, row)

    # Down.

    def run_down(self, steps, from_files):
        """In one transaction."""
        around = self.callbacks_of_each('down', from_files)
        versions = []
        for step in steps:
            if isinstance(step, str):
                self.run_callbacks([step], 'down')
                continue
            version, row, script = step
            if script is not None:
                self.run_single(script, 'down', around)
            self.record_down(row, script)
            versions.append(version)
        self.notify('down', 'done', versions)
        return versions

    def attempt_down(self, row, script, from_files):
        committed = row.done if row.state == 'down' else 0
        try:
            if script is not None:
                for committed in self.run_committing(script, committed, 'down', self.callbacks_of_each('down', from_files)):
                    pass
        except Refused:
            self.events.append((row.version, 'down', 'failed'))
            self.notify('down', 'failed', self.done, row.version)
            if committed > 0:
                row.state, row.done = 'down', committed
                if from_files and row.version in self.files:
                    row.down = script
            if from_files:
                self.attempt_error_callbacks('down', 'afterEachUndoError', 'afterUndoError')
            raise
        self.record_down(row, script)
