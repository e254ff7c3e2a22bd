"""A model of histories: what each routine does to one, without a server."""

import copy

from effects import BASELINE, REPEATABLE, File, Refused, has_syntax_error, run, statements
from runs import Runs

# What of the model changes in a call and is undone if the call is a function that fails.
STATE = ('tables', 'rows', 'events', 'notified')


class Model(Runs):
    """One history, the directory it is applied from, and the tables of its schema.

    "callbacks" are files of the directory: each with its event and its script.  "tools"
    are the tables of tools that there are, see tools.py.

    "events" are the rows of migrate.history that the last call has made: version, or
    the file of a callback, direction, outcome.  "notified" are its notifications:
    direction, outcome, number of migrations, version.  "done" are the migrations that it
    has completed."""

    def __init__(self, settings, schema, format, tools):
        self.settings, self.schema, self.format, self.tools = settings, schema, format, tools
        self.files, self.callbacks, self.tables, self.rows = {}, {}, set(), []
        self.events, self.notified, self.done, self.tool = [], [], [], None
        self.highest_batch = 0

    # What there is.

    def row(self, version):
        return next((row for row in self.rows if row.version == version), None)

    def is_changed(self, version):
        file, row = self.files.get(version), self.row(version)
        return file is not None and row is not None and file.up != row.up

    def state(self, version, up_to=None):
        file, row = self.files.get(version), self.row(version)
        if row is None:
            if self.is_replaced(version, up_to):
                return 'skipped'
            highest = self.highest()
            return 'out of order' if highest is not None and version < highest else 'pending'
        if row.state != 'applied':
            return 'interrupted'
        if file is None:
            return 'baseline' if row.baseline else 'missing'
        if self.is_changed(version):
            return 'outdated' if version >= REPEATABLE else 'modified'
        return 'baseline' if row.baseline else 'applied'

    def highest(self):
        """The highest versioned row."""
        return max((row.version for row in self.rows if row.version < REPEATABLE), default=None)

    def is_replaced(self, version, up_to=None):
        """Is it a file that a baseline file replaces, or one that does not run?  In an
        empty history the last one of these runs, of a run up to a version the last one
        up to that, or of that very version."""
        if version >= REPEATABLE:
            return False
        known = [row.version for row in self.rows] if self.highest() is not None else [
            one for one in self.files if up_to is None or one <= self.last_of(up_to)]
        base = max((one for one in known if one < REPEATABLE and one % 1 == BASELINE), default=None)
        if version % 1 == BASELINE:
            return version != base
        return base is not None and version < base

    def last_of(self, target):
        """The last version of a run up to a target: a baseline file of the same version
        replaces it in an empty history, and comes right after it."""
        return target + BASELINE if self.highest() is None and target % 1 == 0 and target + BASELINE in self.files else target

    def versions(self, with_files=True):
        return sorted(set(self.files if with_files else ()) | {row.version for row in self.rows})

    def version(self):
        return max((int(row.version) for row in self.rows if row.state != 'up' and row.version < REPEATABLE), default=None)

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
        pending = [version for version in items if self.state(version, target) in ('pending', 'out of order', 'outdated', 'interrupted')]
        if versions is not None:
            return [version for version in pending if version in versions]
        if target is not None:
            return [version for version in pending if version <= self.last_of(target)]
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
                ignored = [] if self.callbacks_are_due() else interrupted
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

    def check_up(self, files):
        """What is checked of them before anything runs."""
        if any(has_syntax_error(file.up) for file in files):
            raise Refused('42601')

    def check_findings(self, files):
        if self.settings['on_findings'] not in ('error', 'strict') or self.settings['large_table'] != '0':
            return
        stops = ['finding'] + ['allowed'] * (self.settings['on_findings'] == 'strict')
        for file in files:
            row = self.row(file.version)
            begin = row.done if row and row.state == 'up' else 0
            if any(operation[0] in stops for _, operation in statements(file.up)[begin:]):
                raise Refused('55000', 'findings')

    def keep_in_step(self, downs, ups, known):
        """The table of the tool is kept in step with the rest of the call, which knows
        these versions.  Callbacks are not recorded there."""
        if self.settings['keep_in_step'] != 'on' or all(isinstance(step, str) for step in downs + ups):
            return
        self.tool = self.tools.find(self.schema, self.format)
        self.tool.check(self, [step[0] for step in downs if not isinstance(step, str)],
                        [step[0] for step in ups if not isinstance(step, str)], known)

    def apply(self, args):
        chosen = [self.files[version] for version in self.plan_up(args, False)]
        self.check_up(chosen)
        self.check_findings(chosen)
        steps = self.with_callbacks([(file.version, file) for file in chosen], 'up')
        self.keep_in_step([], steps, self.versions())
        self.replace_downs()
        return self.run_up(steps, args.get('adopt_existing'))

    def up(self, args):
        chosen = [self.files[version] for version in self.plan_up(args, True)]
        for file in chosen:
            row = self.row(file.version)
            self.check_up([file])
            if row and row.state == 'up':
                self.check_done(row, file.up, row.up)
        self.check_findings(chosen)
        steps = self.with_callbacks([(file.version, file) for file in chosen], 'up')
        self.keep_in_step([], steps, self.versions())
        self.replace_downs()
        for step in steps:
            if isinstance(step, str):
                self.attempt_callback(step, 'up')
                continue
            version, file = step
            self.attempt_up(file, args.get('adopt_existing'))
            self.done.append(version)
        self.notify('up', 'done', self.done)
        return self.done

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
        else:
            undone = self.count_last(steps)
        if any(row.state != 'applied' for row in self.rows[:count - undone]):
            raise Refused('55000', 'interrupted')
        chosen = self.rows[::-1][:undone]
        if any(row.baseline and row.state == 'applied' for row in chosen) and not args.get('force'):
            raise Refused('55000', 'baseline')
        return chosen

    def count_last(self, steps):
        """How many rows, for so many versioned ones or for the last batch of these.  The
        repeatable ones after them go with them."""
        versioned = [place for place, row in enumerate(self.rows) if row.version < REPEATABLE][::-1]
        if not versioned:
            return len(self.rows)
        batch = self.rows[versioned[0]].batch
        if steps is None:
            steps = next((number for number, place in enumerate(versioned) if self.rows[place].batch != batch), len(versioned))
        return len(self.rows) - versioned[min(steps, len(versioned)) - 1]

    def check_down(self, chosen, args, from_files):
        """The version, the row and the script of each, None for one that is only
        recorded."""
        result = []
        scripts = [self.files[row.version].down if from_files and row.version in self.files else row.down for row in chosen]
        if any(has_syntax_error(script or []) for script in scripts):
            raise Refused('42601')
        for row, script in zip(chosen, scripts):
            if script is not None and row.state == 'down':
                self.check_done(row, script, row.down)
            if not script or not statements(script):
                if not args.get('force') and row.version < REPEATABLE:
                    raise Refused('55000', 'irreversible')
                script = None
            result.append((row.version, row, script))
        return result

    def rollback(self, args, from_files=False):
        steps = self.check_down(self.plan_down(args, False, from_files), args, from_files)
        steps = self.with_callbacks(steps, 'down', from_files)
        self.keep_in_step(steps, [], self.versions(from_files))
        return self.run_down(steps, from_files)

    def down(self, args, from_files=False):
        steps = self.check_down(self.plan_down(args, True, from_files), args, from_files)
        steps = self.with_callbacks(steps, 'down', from_files)
        self.keep_in_step(steps, [], self.versions(from_files))
        for step in steps:
            if isinstance(step, str):
                self.attempt_callback(step, 'down')
                continue
            version, row, script = step
            self.attempt_down(row, script, from_files)
            self.done.append(version)
        self.notify('down', 'done', self.done)
        return self.done

    def reapply(self, everything, from_files):
        """redo() and refresh()."""
        args = {'everything': True} if everything else {'steps': 1}
        if from_files and not self.files:
            raise Refused('58P01')
        if not self.rows and not (everything and from_files):
            return []
        chosen = self.plan_down(args, False, from_files)
        if everything and from_files:
            again = [self.files[version] for version in sorted(self.files) if self.state(version) != 'skipped']
        else:
            again = [from_files and self.files.get(row.version) or File(row.version, row.name, row.up, row.down)
                     for row in reversed(chosen)]
        downs = self.with_callbacks(self.check_down(chosen, args, from_files), 'down', from_files)
        self.check_up(again)
        self.check_findings(again)
        ups = self.with_callbacks([(file.version, file) for file in again], 'up', from_files)
        self.keep_in_step(downs, ups, self.versions(from_files))
        self.run_down(downs, from_files)
        return self.run_up(ups) if from_files else self.run_up_alone(ups)

    def run_up_alone(self, steps):
        """Without the directory, and so without callbacks."""
        callbacks, self.callbacks = self.callbacks, {}
        try:
            return self.run_up(steps)
        finally:
            self.callbacks = callbacks

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
        foreign = [row for row in self.rows[::-1] if self.is_foreign(row) and not row.baseline]
        downs = self.with_callbacks(self.check_down(foreign, {}, False), 'down')
        every, self.rows = self.rows, [row for row in self.rows if row not in foreign]
        chosen = [self.files[version] for version in self.plan_up({}, False)]
        self.check_up(chosen)
        self.check_findings(chosen)
        self.replace_downs()
        known, self.rows = self.versions(), every
        ups = self.with_callbacks([(file.version, file) for file in chosen], 'up')
        self.keep_in_step(downs, ups, known)
        return self.run_down(downs, True) + self.run_up(ups)

    # What runs nothing.

    def accept(self):
        """repair() of changed files."""
        if not self.files:
            raise Refused('58P01')
        changed = []
        for version in self.versions():
            file, row = self.files.get(version), self.row(version)
            if file and row and self.state(version) not in ('interrupted', 'outdated') and (file.up, file.down) != (row.up, row.down):
                changed.append(version)
                row.up, row.down = file.up, file.down
        return changed

    def set_state(self, version, state):
        """repair() with a state."""
        if version not in self.versions():
            raise Refused('42704')
        row = self.row(version)
        if state == 'applied':
            if self.state(version) == 'outdated':
                row.up, row.down = self.files[version].up, self.files[version].down
                return [version]
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
        last = None if version is None else self.last_of(version)
        chosen = [item for item in items
                  if not self.row(item) and self.state(item, version) != 'skipped' and (version is None or item <= last)]
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
        self.events, self.notified, self.done, self.tool = [], [], [], None
        before = copy.deepcopy({name: getattr(self, name) for name in STATE})
        tools = copy.deepcopy(self.tools.tables)
        try:
            return 'ok', routine(*args), ''
        except Refused as error:
            if not commits:
                self.__dict__.update(before)
                self.events, self.notified = [], []
                self.tools.tables = tools
            return error.code, None, error.why

    # What shows what a run would do.

    def show(self, routine):
        """As call(), and nothing is changed."""
        before = copy.deepcopy({name: getattr(self, name) for name in (*STATE, 'done')})
        try:
            return self.call(False, routine)
        finally:
            self.__dict__.update(before)

    def verify(self):
        """The versions that verify() tries, each with whether it is reversible."""
        chosen = [self.files[version] for version in self.plan_up({}, False)]
        self.check_up(chosen)
        return {file.version: self.try_both_ways(file) for file in chosen}

    def try_both_ways(self, file):
        """Up, down and up; what it makes stays for the next one."""
        def ends(script, tables):
            tables = set(tables)
            try:
                run([operation for _, operation in statements(script)], tables)
            except Refused:
                return None
            return tables

        before, after = self.tables, ends(file.up, self.tables)
        if after is None:
            return False
        self.tables = after
        if not file.down or not statements(file.down) or has_syntax_error(file.down):
            return False
        return ends(file.down, after) == before

    def rehearse(self):
        """The version that fails in rehearse(), None if none does."""
        chosen = [self.files[version] for version in self.plan_up({}, False)]
        self.check_up(chosen)
        for file in chosen:
            try:
                run([operation for _, operation in statements(file.up)], self.tables)
            except Refused:
                return file.version
        return None


def up_schemas(models, args, passes, canary):
    """The SQLSTATE, and the numbers of migrations applied and of schemas that failed."""
    for model in models:
        model.events, model.notified = [], []
    if not models[0].files:
        return '58P01', None, ''
    applied = failed = 0
    for number, model in enumerate(models):
        code, _, why = model.call(True, model.up, args)
        applied += len(model.done)
        if code != 'ok' and (not passes or number < canary):
            return code, None, why
        failed += code != 'ok'
    return 'ok', (applied, failed), ''
