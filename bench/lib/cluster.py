"""What bench/scale and bench/peers share: a throw-away cluster, psql, statistics.

The programs of the server are in PATH, and migrate is installed in it.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile

# The settings are initdb's, fsync included.  Only the lock table is larger, for
# transactions that create thousands of tables, and there is room for sessions.
SETTINGS = {
    "max_connections": "200",
    "max_locks_per_transaction": "1024",
}


class Failed(Exception):
    """A statement or a program that ended with an error; what it wrote."""


def say(text):
    """Progress, which is no part of the result."""
    print(text, file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values)


class Cluster:
    """A cluster in a folder of its own, for `with`.

    `options` are added to the settings.  Without listen_addresses among them it
    is reachable through its socket only.
    """

    def __init__(self, **options):
        self.work = tempfile.mkdtemp(prefix="bench.", dir=os.environ["HOME"])
        self.settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.work,
            **SETTINGS,
            **options,
        }

    def __enter__(self):
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]
        os.environ.update(PGDATA=f"{self.work}/data", PGHOST=self.work, PGUSER="postgres", PGDATABASE="postgres",
                          PGPORT=str(self.settings.get("port", 5432)))
        try:
            run(["initdb", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "postgres"])
            with open(f"{self.work}/data/postgresql.conf", "a", encoding="utf-8") as conf:
                conf.writelines(f"{name} = '{value}'\n" for name, value in self.settings.items())
            run(["pg_ctl", "-w", "-s", "-l", f"{self.work}/server.log", "start"])
            psql("CREATE DATABASE bench_template", "postgres")
            psql("CREATE EXTENSION migrate", "bench_template")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["pg_ctl", "-m", "immediate", "-s", "stop"], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.work, ignore_errors=True)


def run(command, **options):
    """What a command writes.  Raises Failed if it fails."""
    done = subprocess.run(command, stdin=options.pop("stdin", subprocess.DEVNULL if "input" not in options else None),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)[:300]}: status {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def psql(script, database):
    """What psql prints for a script of statements, each a transaction of its own."""
    return run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"], input=script)


def fresh_database(name="bench", template="bench_template"):
    """A new database, with nothing left to write from the one before."""
    psql(f"SET client_min_messages = warning;\nDROP DATABASE IF EXISTS {name} WITH (FORCE);\n"
         f"CREATE DATABASE {name} TEMPLATE {template};\nCHECKPOINT;\n", "postgres")


def processor():
    """The name of the processor, as the kernel has it."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return os.uname().machine


def machine():
    """The machine and the server in a sentence."""
    version = psql("SHOW server_version", "postgres").split()[0]
    kind = run(["stat", "-f", "-c", "%T", os.environ["PGDATA"]]).strip()
    fsync = psql("SHOW fsync", "postgres").strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (f"PostgreSQL {version}, {os.cpu_count()} processors ({processor()}), {memory:.0f} GB of memory, "
            f"Linux {os.uname().release.split('-')[0]}, cluster on {kind}, fsync {fsync}, load {os.getloadavg()[1]:.1f} at the start")


def table(rows):
    """Rows of cells as a Markdown table; the first is the head."""
    rows = [[str(cell) for cell in row] for row in rows]
    rows.insert(1, ["---"] * len(rows[0]))
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)
