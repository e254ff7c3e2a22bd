#!/usr/bin/python3
"""The measurements of bench/instructions: what a backend without a postmaster executes.

valgrind counts the instructions of the process, not those of the kernel.  What an empty
statement takes is subtracted.
"""

import argparse
import os
import re
import shutil
import sys

import contenders
from cluster import Cluster, Failed, psql, run, table

# More bytes for each migration than this are a defect.
MEMORY = 2048

PROBE = """-- +goose Up
CREATE TABLE probe AS SELECT sum(used_bytes) AS bytes FROM pg_catalog.pg_backend_memory_contexts
    WHERE name = 'ExprContext' OR name LIKE 'migrate %';
"""


class Backends:
    """Backends of their own, each on a copy of a cluster that has been stopped."""

    def __init__(self, work, keep):
        self.work, self.keep, self.counted = work, keep, {}
        if keep:
            os.makedirs(keep, exist_ok=True)

    def run(self, statements, template="data", into=None, before=()):
        """What statements, each on a line, print; the cluster stays as `into`."""
        data = into or f"{self.work}/copy"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(f"{self.work}/{template}", data, symlinks=True)
        script = "".join(f"{' '.join(statement.split())}\n" for statement in statements)
        command = [*before, shutil.which("postgres"), "--single", "-D", data, "bench"]
        # It writes messages of errors to where those of valgrind go.
        done = run(["bash", "-c", 'exec "$@" 2>&1', "bash", *command], input=script)
        if re.search(r"\b(ERROR|FATAL|PANIC):", done):
            raise Failed(f"{script[:200]}\n{done[-2000:]}")
        if not into:
            shutil.rmtree(data)
        return done

    def count(self, name, statements, template="data"):
        """The instructions of statements, counted once for a name."""
        if name not in self.counted:
            profile = f"{self.keep or self.work}/{name.replace(' ', '_')}.callgrind"
            done = self.run(statements, template,
                            before=["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}"])
            self.counted[name] = int(re.search(r"Collected : (\d+)", done).group(1))
            if not self.keep:
                os.remove(profile)
        return self.counted[name]


def write_directories(work, count):
    """The same migrations for goose, with the way down, and as plain statements."""
    goose, plain, probed = (f"{work}/{name}{count}" for name in ("goose", "plain", "probed"))
    for path in (goose, plain):
        os.makedirs(path)
    for number in range(1, count + 1):
        up, down = contenders.statements(number)
        with open(f"{goose}/{number:05}_m.sql", "w", encoding="utf-8") as file:
            file.write(f"-- +goose Up\n{up}\n\n-- +goose Down\n{down}\n")
        with open(f"{plain}/{number:05}_m.sql", "w", encoding="utf-8") as file:
            file.write(up + "\n")
    shutil.copytree(goose, probed)
    with open(f"{probed}/99999_probe.sql", "w", encoding="utf-8") as file:
        file.write(PROBE)
    return goose, plain, probed


def first_runs(backends, sizes, directories):
    """A row for each contender and size: instructions, and the memory of ours."""
    empty = backends.count("empty", ["SELECT 1"])
    rows = [["a first run", "migrations", "instructions for each", "ratio to the loop", "memory for each, bytes"]]
    bad = 0
    for count in sizes:
        goose, plain, probed = directories[count]
        pairs = [("`migrate.apply`", "SELECT count(*) FROM migrate.apply('{}')", "SELECT loop_apply('{}')"),
                 ("`CALL migrate.up`", "CALL migrate.up('{}')", "CALL loop_up('{}')")]
        for (name, ours, loop), label in zip(pairs, ("loop with lock, SHA-256 and history", "the same loop with a commit each")):
            base = (backends.count(f"{label} {count}", [loop.format(plain)]) - empty) / count
            own = (backends.count(f"{name.strip('`')} {count}", [ours.format(goose)]) - empty) / count
            done = backends.run([ours.format(probed), "SELECT 'bytes ' || bytes FROM probe"])
            memory = int(re.search(r"bytes (\d+)", done).group(1)) / count
            bad += memory > MEMORY
            rows.append([name, count, f"{own:,.0f}", f"{own / base:.2f}", f"{memory:,.0f}"])
            rows.append([label, count, f"{base:,.0f}", "", ""])
    return rows, bad


def later_runs(backends, sizes, directories):
    """A row for each size: nothing to do, at the first call of a session and at later ones."""
    empty = backends.count("empty", ["SELECT 1"])
    rows = [["nothing to do", "files", "apply, for each", "read and hash, for each", "ratio"]]
    for count in sizes:
        goose = directories[count][0]
        apply = f"SELECT count(*) FROM migrate.apply('{goose}')"
        sha256 = f"SELECT count(sha256(pg_read_binary_file('{goose}/' || name))) FROM pg_ls_dir('{goose}') AS name"
        applied = f"applied{count}"
        backends.run([apply], into=f"{backends.work}/{applied}")
        first = [backends.count(f"{name} once {count}", [statement], applied) - empty
                 for name, statement in (("nothing", apply), ("sha256", sha256))]
        later = [backends.count(f"{name} twice {count}", [statement] * 2, applied) - empty - before
                 for name, statement, before in (("nothing", apply, first[0]), ("sha256", sha256, first[1]))]
        for name, (ours, least) in (("first call of a session", first), ("later calls", later)):
            rows.append([name, count, f"{ours / count:,.0f}", f"{least / count:,.0f}", f"{ours / least:.2f}"])
    return rows


def main():
    parser = argparse.ArgumentParser(prog="bench/instructions")
    parser.add_argument("--sizes", default="1000")
    parser.add_argument("--keep")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    with Cluster(autovacuum="off", fsync="off", max_locks_per_transaction="4096") as cluster:
        version = psql("SHOW server_version", "postgres").split()[0]
        psql("CREATE DATABASE bench TEMPLATE bench_template", "postgres")
        psql(contenders.LoopHistory.setup + contenders.LoopCommits.setup.removeprefix(contenders.LOOP_TABLE), "bench")
        run(["pg_ctl", "-m", "fast", "-s", "-w", "stop"])
        backends = Backends(cluster.work, asked.keep)
        directories = {count: write_directories(cluster.work, count) for count in sizes}
        rows, bad = first_runs(backends, sizes, directories)
        print(f"PostgreSQL {version}, instructions of the backend, without the kernel's\n\n{table(rows)}")
        print(table(later_runs(backends, sizes, directories)), end="")
    return 1 if bad else 0


sys.exit(main())
