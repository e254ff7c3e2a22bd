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


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_directories(work, count):
    """The same migrations for goose, with the way down, and as plain statements."""
    goose, plain, probed = (f"{work}/{name}{count}" for name in ("goose", "plain", "probed"))
    for number in range(1, count + 1):
        up, down = contenders.statements(number)
        write(f"{goose}/{number:05}_m.sql", f"-- +goose Up\n{up}\n\n-- +goose Down\n{down}\n")
        write(f"{plain}/{number:05}_m.sql", up + "\n")
    shutil.copytree(goose, probed)
    write(f"{probed}/99999_probe.sql", PROBE)
    return goose, plain, probed


def five_statements(path, number):
    """A migration of five statements, and the same for the loop; the way down is one."""
    statements = [contenders.statements(6 * (number - 1) + i) for i in range(1, 6)]
    ups = "\n".join(up for up, down in statements)
    write(f"{path}/{number:05}_m.sql",
          f"-- +goose Up\n{ups}\n\n-- +goose Down\nDROP TABLE bench_{number:05} CASCADE;\n")
    write(f"{path}_plain/{number:05}_m.sql", ups + "\n")


def psql_commands(path, number):
    """A migration that includes a file, in which a variable is used, without a way down."""
    up = contenders.statements(number)[0]
    write(f"{path}/{number:05}_m.sql", f"\\ir parts/{number:05}.sql\n")
    write(f"{path}/parts/{number:05}.sql", re.sub(r"(TABLE|ON|INTO|FUNCTION) bench_", r'\1 :"schema".bench_', up) + "\n")
    write(f"{path}_plain/{number:05}_m.sql", up + "\n")


def other_kinds(backends, count):
    """A row for each kind of directory: apply and up beside the loops."""
    empty = backends.count("empty", ["SELECT 1"])
    rows = [["a first run", "migrations", "`apply`, for each", "ratio to its loop", "`up`, for each", "ratio to its loop"]]
    kinds = [("five statements each", five_statements, ""),
             ("one statement in an included file, with a variable", psql_commands, """, vars => '{"schema": "public"}'""")]
    for number, (name, make, more) in enumerate(kinds):
        path = f"{backends.work}/kind{number}"
        for migration in range(1, count + 1):
            make(path, migration)
        row = [name, count]
        for ours, loop in (("SELECT count(*) FROM migrate.apply('{}'{})", "SELECT loop_apply('{}')"),
                           ("CALL migrate.up('{}'{})", "CALL loop_up('{}')")):
            own = (backends.count(f"kind {number} {ours[:4]}", [ours.format(path, more)]) - empty) / count
            base = (backends.count(f"kind {number} {loop[:4]} loop", [loop.format(f"{path}_plain")]) - empty) / count
            row += [f"{own:,.0f}", f"{own / base:.2f}"]
        rows.append(row)
    return rows


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
    parser.add_argument("--kinds", action="store_true")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    with Cluster(autovacuum="off", fsync="off", max_locks_per_transaction="4096") as cluster:
        version = psql("SHOW server_version", "postgres").split()[0]
        psql("CREATE DATABASE bench TEMPLATE bench_template", "postgres")
        psql(contenders.LoopHistory.setup + contenders.LoopCommits.setup.removeprefix(contenders.LOOP_TABLE), "bench")
        run(["pg_ctl", "-m", "fast", "-s", "-w", "stop"])
        backends = Backends(cluster.work, asked.keep)
        directories = {count: write_directories(cluster.work, count) for count in sizes}
        if asked.kinds:
            print(table(other_kinds(backends, sizes[0])), end="")
            return 0
        rows, bad = first_runs(backends, sizes, directories)
        print(f"PostgreSQL {version}, instructions of the backend, without the kernel's\n\n{table(rows)}")
        print(table(later_runs(backends, sizes, directories)), end="")
    return 1 if bad else 0


sys.exit(main())
