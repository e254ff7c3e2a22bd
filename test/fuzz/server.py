"""Sessions that check themselves after each call, folders of files, and what both have
done, written down so that it can be done again."""

import base64
import os
import re
import shlex
import shutil
import signal
import threading
import time

import psycopg
from psycopg.types.json import Jsonb

# What core says, with the SQLSTATE of any other warning, if something was not
# released or is not as it must be.
SUSPECT = re.compile(
    r"leak|problem in alloc set|detected write past|non-empty SPI|don't own a lock|AtEOXact|bogus|not owned"
    r"|cache lookup failed|unrecognized node|could not find|corrupt|StartTransaction|AbortTransaction"
    r"|invalid memory alloc|snapshot|portal|you already own|stack")

# Where the server's root is on this machine, and where directories are for both.
ROOT = os.environ.get('MIGRATE_ROOT', '')
SCRATCH = os.path.join(os.path.realpath(os.environ['PGHOST']), 'tmp')[len(ROOT):]

# Seconds after which a call is not slow but hangs.  The statements of this test are
# short; a server under valgrind or ASan takes longer, so the environment may say so.
PATIENCE = int(os.environ.get('MIGRATE_FUZZ_PATIENCE', '120'))


class Fault(Exception):
    """Something that must never happen."""


class Log:
    """What a test has done, as input for psql."""

    def __init__(self):
        self.lines = []

    def sql(self, text):
        self.lines.append(text.rstrip().rstrip(';') + ';')

    def shell(self, command):
        self.lines.append('\\! ' + command)

    def note(self, text):
        self.lines.append('-- ' + text.replace('\n', '\n-- '))

    def save(self, path, before=''):
        """Writes it all, after what a new database needs for it."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8', errors='surrogateescape') as file:
            file.write(f"CREATE EXTENSION migrate;\nLOAD 'migrate';\n{before}\n")
            file.write('\n'.join(self.lines).replace(SCRATCH, '/tmp/migrate-fuzz') + '\n')


class Folder:
    """A directory of migrations on the server's disk; "path" is as the server sees it.
    "files" has its texts as long as each of them is a regular file."""

    def __init__(self, name, log):
        self.path = f'{SCRATCH}/{name}'
        self.log, self.files, self.special = log, {}, False
        shutil.rmtree(ROOT + self.path, ignore_errors=True)
        os.makedirs(ROOT + self.path)
        # what links lead to: changes may follow them, and run as root
        with open(f'{ROOT}{SCRATCH}/outside', 'w') as file:
            file.write('root:x:0:0:root:/root:/bin/bash\n')
        log.shell(f'rm -rf {self.path}; mkdir -p {self.path}')

    def full(self, name):
        """The path of a file on this machine."""
        return os.path.join(ROOT + self.path, name)

    def write(self, name, data):
        """False if there cannot be such a file, such as one that is a folder."""
        if isinstance(data, str):
            data = data.encode('utf-8', 'surrogateescape')
        path = self.full(name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.islink(path):
                os.unlink(path)
            with open(path, 'wb') as file:
                file.write(data)
        except OSError:
            return False
        self.files[name] = data
        quoted = shlex.quote(path[len(ROOT):])
        self.log.shell(f'mkdir -p {shlex.quote(os.path.dirname(path[len(ROOT):]))}; : >{quoted}')
        for at in range(0, len(data), 60000):
            self.log.shell(f'echo {base64.b64encode(data[at:at + 60000]).decode()} | base64 -d >>{quoted}')
        return True

    def remove(self, name):
        os.unlink(self.full(name))
        del self.files[name]
        self.shell(f'rm -f @/{shlex.quote(name)}')

    def remove_folder(self, name):
        self.shell(f'rmdir @/{shlex.quote(name)}')

    def shell(self, command):
        """A command of the shell, with @ for the directory."""
        self.log.shell(command.replace('@', self.path))
        os.system('(' + command.replace('@', ROOT + self.path) + ') 2>/dev/null')

    def replace(self, name, command):
        """Something else takes the place of a file, %: a command makes it."""
        self.special = True
        self.shell(command.replace('%', '@/' + shlex.quote(name)))

    def texts(self):
        """The argument "files", or None if the files are not such texts."""
        if self.special:
            return None
        try:
            texts = {name: data.decode() for name, data in self.files.items()}
        except UnicodeDecodeError:
            return None
        if any('\0' in text for text in texts.values()):
            return None
        return Jsonb(texts)

    def delete(self):
        os.system(f'chmod -R u+rwX {ROOT}{self.path} 2>/dev/null')
        shutil.rmtree(ROOT + self.path, ignore_errors=True)


class Result:
    """Rows, or an error; "notices" have severity, SQLSTATE and message."""

    def __init__(self, rows=None, error=None, notices=()):
        self.rows, self.notices = rows, list(notices)
        self.code = 'ok' if error is None else error.sqlstate
        self.message = '' if error is None else error.diag.message_primary or str(error)
        self.context = '' if error is None else error.diag.context or ''

    @property
    def ok(self):
        return self.code == 'ok'

    def __str__(self):
        return f'{len(self.rows)} rows' if self.ok else f'{self.code} {self.message}'


def hangs(signum, frame):
    raise Fault(f'no answer in {PATIENCE} s')


# pg_locks, itself and what it reads, is locked by the question.
STATE = """
SELECT md5(string_agg(name || '=' || coalesce(setting, '~'), E'\\n' ORDER BY name COLLATE "C")),
       (SELECT string_agg(concat_ws(' ', locktype, mode, relation::regclass, classid, objid), ', ') FROM pg_locks
         WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND (relation >= 16384) IS NOT FALSE),
       current_user = session_user
  FROM pg_settings WHERE name NOT LIKE 'transaction%'"""
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name NOT LIKE 'transaction%'"


class Session:
    """A connection whose calls raise a Fault if the server crashes, hangs, has an
    internal error, warns of something that it should not, or if the call leaves a
    lock, a setting, a role or a transaction."""

    def __init__(self, database, log, watch=True):
        self.log, self.notices, self.watch = log, [], watch
        self.connection = psycopg.connect(dbname=database, autocommit=True, cursor_factory=psycopg.ClientCursor)
        self.connection.add_notice_handler(self.notice)
        self.pid = self.connection.info.backend_pid
        self.cursor = self.connection.cursor()
        self.expected = None
        # elsewhere, whoever waits for the thread notices
        self.alarm = threading.current_thread() is threading.main_thread()
        if self.alarm:
            signal.signal(signal.SIGALRM, hangs)

    def notice(self, diagnostic):
        self.notices.append((diagnostic.severity_nonlocalized, diagnostic.sqlstate, diagnostic.message_primary))

    def run(self, sql, *values):
        """Runs one statement, and writes it down."""
        text = self.cursor.mogrify(sql, values) if values else sql
        self.log.sql(text)
        self.notices.clear()
        if self.alarm:
            signal.alarm(PATIENCE)
        try:
            self.cursor.execute(text)
            result = Result(self.cursor.fetchall() if self.cursor.description else [])
            while self.cursor.nextset():
                if self.cursor.description:
                    result.rows = self.cursor.fetchall()
        except psycopg.Error as error:
            if self.connection.closed or self.connection.broken:
                raise Fault(f'the server has ended the session: {error}') from error
            result = Result(error=error)
            self.log.note(str(result))
        finally:
            if self.alarm:
                signal.alarm(0)
        result.notices = list(self.notices)
        self.check_messages(result)
        return result

    def check_messages(self, result):
        if not result.ok and result.code.startswith('XX'):
            raise Fault(f'internal error: {result.code} {result.message}')
        for severity, code, message in result.notices:
            if code.startswith('XX') or (severity == 'WARNING' and code == '01000' and SUSPECT.search(message)):
                raise Fault(f'internal warning: {code} {message}')

    def call(self, sql, *values):
        """Runs one statement and compares the session's state afterwards with the state
        that expect() has seen."""
        result = self.run(sql, *values)
        if self.watch:
            self.check_state()
        return result

    def rows(self, sql, *values):
        result = self.run(sql, *values)
        if not result.ok:
            raise Fault(f'{sql}: {result}')
        return result.rows

    def value(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def quietly(self, sql):
        """Rows, for a question that is no part of the test."""
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def all_quietly(self, statements):
        """The rows of each, with one message."""
        self.cursor.execute('; '.join(statements))
        results = [self.cursor.fetchall()]
        while self.cursor.nextset():
            results.append(self.cursor.fetchall())
        return results

    def expect(self):
        """The settings are those that calls must leave."""
        self.expected = (self.quietly(STATE)[0][0], dict(self.quietly(SETTINGS)))

    def check_state(self):
        if self.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            raise Fault(f'the transaction is left {self.connection.info.transaction_status.name}')
        settings, locks, own_role = self.quietly(STATE)[0]
        if locks:
            raise Fault(f'locks are left: {locks}')
        if not own_role:
            raise Fault('the role is left changed')
        if settings != self.expected[0]:
            now = dict(self.quietly(SETTINGS))
            # a library that is loaded later brings settings of its own
            changed = {name: (self.expected[1][name], now.get(name)) for name in self.expected[1]
                       if now.get(name) != self.expected[1][name]}
            if changed:
                raise Fault(f'settings are left changed: {changed}')
            self.expect()

    def close(self):
        self.connection.close()


def connect(database):
    """A plain connection, as soon as the server accepts one."""
    end = time.monotonic() + 60
    while True:
        try:
            return psycopg.connect(dbname=database, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise Fault('the server does not accept connections')
            time.sleep(.1)


def administrator(statement):
    with connect('postgres') as connection:
        connection.execute(statement)


def new_database(name):
    """A database with the extension."""
    administrator(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')
    administrator(f'CREATE DATABASE {name}')
    with psycopg.connect(dbname=name, autocommit=True) as connection:
        connection.execute('CREATE EXTENSION migrate')


def drop_database(name):
    administrator(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')
