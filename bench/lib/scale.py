#!/usr/bin/python3
"""The measurements of bench/scale: each operation at n, 2n and 4n.

Rounds are outside and sizes inside, so that a machine that slows down for a while
slows all sizes.  The exponent is the slope of log(time) over log(size), by least
squares over the three medians.
"""

import argparse
import base64
import collections
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import time

from cluster import Cluster, Failed, fresh_database, machine, median, psql, say, table

LIMIT = 1.2
FACTORS = (1, 2, 4)

# One row of the table.  "files" makes the directory of size n, a dict of names and
# texts; "before" makes SQL that is not timed, whose result is kept for all rounds;
# "timed" makes the statements that are.  Both get n and the path of the directory.
Operation = collections.namedtuple("Operation", "name n files before timed")

QUIET = "SET client_min_messages = error;\n"

#
# Directories
#


def one_file(line, n, head="-- +goose Up\n", foot=""):
    """A migration with n times a line, in which {} is the number."""
    return {"1_a.sql": head + "".join(line.format(i) for i in range(1, n + 1)) + foot}


def many_files(text, n, name="{:06}_m.sql"):
    """n migrations, each with a text in which {} is its number."""
    return {name.format(i): text.format(i) for i in range(1, n + 1)}


UP_DOWN = "-- +goose Up\nINSERT INTO t VALUES ({0});\n-- +goose Down\nDELETE FROM t WHERE i = {0};\n"
TABLES = "-- +goose Up\nCREATE TABLE t{0} (i integer);\n-- +goose Down\nDROP TABLE t{0};\n"
LIQUIBASE = "--liquibase formatted sql\n"
BREAKPOINT = "--> statement-breakpoint\n"


def small(n):
    return many_files(UP_DOWN, n)


def tables(n):
    return many_files(TABLES, n)


def sqitch(n):
    plan = "%syntax-version=1.0.0\n%project=p\n\n" + "".join(
        f"c{i} {f'[c{i - 1}] ' if i > 1 else ''}2026-01-01T00:00:00Z A <a@b> # x\n" for i in range(1, n + 1))
    return {"sqitch.plan": plan, **many_files("SELECT 1;\n", n, "deploy/c{}.sql")}


def drizzle(n):
    entries = [{"idx": i, "tag": f"{i:06}_m", "when": i} for i in range(1, n + 1)]
    return {"meta/_journal.json": json.dumps({"entries": entries}), **many_files("SELECT 1;\n", n)}


def atlas(n):
    """Plain files with atlas.sum."""
    files = many_files("SELECT {};\n", n)
    running, total, lines = hashlib.sha256(), hashlib.sha256(), []
    for name, text in files.items():
        running.update((name + text).encode())
        file_sum = base64.b64encode(running.digest()).decode()
        total.update((name + file_sum).encode())
        lines.append(f"{name} h1:{file_sum}\n")
    return {**files, "atlas.sum": f"h1:{base64.b64encode(total.digest()).decode()}\n{''.join(lines)}"}


def graphile(n):
    """Files with the hash of the one before."""
    files, previous = {}, "-"
    for i in range(1, n + 1):
        before = "" if previous == "-" else f"{previous}\n"
        current = "sha1:" + hashlib.sha1(f"{before}SELECT {i};\n".encode()).hexdigest()
        files[f"committed/{i:06}.sql"] = f"--! Previous: {previous}\n--! Hash: {current}\n\nSELECT {i};\n"
        previous = current
    return files


def yoyo(n):
    """Files of which each depends on the one before."""
    return {f"20260101_{i:06}_aaaaa-m.sql": (f"-- depends: 20260101_{i - 1:06}_aaaaa-m\n" if i > 1 else "") + f"SELECT {i};\n"
            for i in range(1, n + 1)}


def changesets(n):
    return {"a.sql": LIQUIBASE + "".join(f"--changeset a:{i}\nSELECT {i};\n" for i in range(n))}


def two_kinds(n):
    """Names that could be of Flyway or of refinery."""
    return {name: "" for i in range(1, n + 1) for name in (f"U{i}__a.sql", f"V{i + 1000000}__a.sql")}


def with_down(n):
    down = "".join(f"DELETE FROM t WHERE i = {i};\n" for i in range(1, n + 1))
    return {"1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n" + down}


#
# Statements
#

# with an index, so that a migration that deletes its row does not read all of them
TABLE_T = "CREATE TABLE t (i integer PRIMARY KEY);\n"


def call(statement):
    """A function of n and the directory that makes this statement."""
    return lambda n, directory: QUIET + statement.format(n=n, dir=directory) + ";\n"


def nothing(n, directory):
    return ""


def repeat(times, statement):
    """A function of n and the directory that makes a loop of so many calls."""
    return call(f"DO $$ BEGIN FOR i IN 1..{times} LOOP PERFORM {statement}; END LOOP; END $$")


def refused(statement):
    """The same of a call that ends with an error."""
    return call(f"DO $$ BEGIN PERFORM {statement}; ASSERT false; EXCEPTION WHEN OTHERS THEN NULL; END $$")


create_t = call(TABLE_T)
APPLY = "SELECT count(*) FROM migrate.apply('{dir}')"
UP = "CALL migrate.up('{dir}')"
STATUS = "SELECT count(*) FROM migrate.status('{dir}')"
PLAN = "SELECT count(*) FROM migrate.plan('{dir}')"
apply, up, status, plan = call(APPLY), call(UP), call(STATUS), call(PLAN)
applied = call(TABLE_T + APPLY)
rollback = call("SELECT count(*) FROM migrate.rollback(everything => true)")
down = call("CALL migrate.down(everything => true)")


# the files of many_files(), as the client would send them
SENT = ("(SELECT jsonb_object_agg(lpad(i::text, 6, '0') || '_m.sql', E'-- +goose Up\\nSELECT ' || i || E';\\n') "
        "FROM generate_series(1, {n}) i)")


def changed(n, directory):
    """Applied, and then each file gets another text of the same meaning, or another."""
    return applied(n, directory) + f"\\! find {directory} -name '*.sql' -exec sed -i 's/INSERT/insert  /' {{}} +\n"


def edited(n, directory):
    return applied(n, directory) + f"\\! find {directory} -name '*.sql' -exec sed -i 's/VALUES/SELECT/' {{}} +\n"


def emptied(n, directory):
    """Applied, and all files but one are gone."""
    return applied(n, directory) + f"\\! find {directory} -name '*.sql' ! -name 000001_m.sql -delete\n"


def one_more(n, directory):
    """Applied, with one more file afterwards."""
    return applied(n, directory) + f"\\! echo 'SELECT 1;' | sed '1i -- +goose Up' >{directory}/999999_m.sql\n"


def one_more_changeset(n, directory):
    return call(APPLY)(n, directory) + f"\\! printf -- '--changeset b:1\\nSELECT 1;\\n' >>{directory}/a.sql\n"


def other_histories(n, directory):
    """A history of one migration for each of n projects."""
    return QUIET + (f"{TABLE_T}DO $$ BEGIN FOR i IN 1..{n} LOOP PERFORM migrate.apply('{directory}', "
                    "project => 'p' || i); END LOOP; END $$;\n")


def goose_table(n, directory):
    return QUIET + ("CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,"
                    " version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now());\n"
                    f"INSERT INTO goose_db_version (version_id, is_applied) SELECT i, true FROM generate_series(0, {n}) i;\n"
                    "ANALYZE goose_db_version;\n")


def starters(statement):
    """More than a statement: n sessions that start at once, the time until all have ended."""
    def make(n, directory):
        command = ["psql", "-XAtq", "-c", statement.format(dir=directory), "-d"]

        def start(database):
            begin = time.monotonic()
            sessions = [subprocess.Popen(command + [database], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL) for _ in range(n)]
            if any([session.wait() for session in sessions]):
                raise Failed("a session failed")
            return (time.monotonic() - begin) * 1000
        return start
    return make


OPERATIONS = [
    # statements in a file
    Operation("statements in a file: apply", 16000, lambda n: one_file("INSERT INTO t VALUES ({});\n", n), create_t, apply),
    Operation("statements in a file: up", 16000, lambda n: one_file("INSERT INTO t VALUES ({});\n", n), create_t, up),
    Operation("statements in a file, a commit each: up", 3000,
              lambda n: one_file("INSERT INTO t VALUES ({});\n", n, "-- +goose NO TRANSACTION\n-- +goose Up\n"), create_t, up),
    Operation("statements in a file: plan", 60000, lambda n: one_file("INSERT INTO t VALUES ({});\n", n), nothing, plan),
    Operation("statements in a file: status", 300000, lambda n: one_file("INSERT INTO t VALUES ({});\n", n), nothing, status),
    Operation("statements in a down script: rollback", 8000, with_down, applied, rollback),
    Operation("statements with BEGIN and COMMIT between: up", 3000,
              lambda n: one_file("COMMIT;\nBEGIN;\nINSERT INTO t VALUES ({});\n", n, "-- +goose Up\nBEGIN;\n", "COMMIT;\n"),
              create_t, up),
    Operation("tables of a file: apply", 1000, lambda n: one_file("CREATE TABLE t{} (i integer);\n", n), nothing, apply),
    Operation("indexes CONCURRENTLY of a file: plan", 15000, lambda n: one_file(
        "CREATE TABLE t{0} (i integer);\nCREATE INDEX CONCURRENTLY ON t{0} (i);\n", n), nothing, plan),
    Operation("statements before one that is wrong: error", 60000,
              lambda n: one_file("INSERT INTO t VALUES ({});\n", n, foot="SELEC 1;\n"), nothing, refused("migrate.apply('{dir}')")),
    Operation("bytes of a statement: apply", 4000000, lambda n: {"1_a.sql": "SELECT length('" + "x" * n + "');\n"}, nothing, apply),
    Operation("comment lines: apply", 200000, lambda n: one_file("-- a comment {}\n", n, foot="SELECT 1;\n"), nothing, apply),
    Operation("nested comments: apply", 500000, lambda n: {"1_a.sql": "/* " * n + "*/ " * n + "SELECT 1;\n"}, nothing, apply),
    # files
    Operation("files: apply", 2000, small, create_t, apply),
    Operation("files: up", 1000, small, create_t, up),
    Operation("files that create a table each: apply", 1000, tables, nothing, apply),
    Operation("files that create a table each: up", 1000, tables, nothing, up),
    Operation("files: status, all pending", 5000, small, nothing, status),
    Operation("files: plan", 5000, small, nothing, plan),
    Operation("files: apply, nothing to do", 5000, small, applied, apply),
    Operation("files: up, nothing to do", 5000, small, applied, up),
    Operation("files: status, all applied", 5000, small, applied, status),
    Operation("files: rollback of all", 1000, small, applied, rollback),
    Operation("files: down of all", 1000, small, applied, down),
    Operation("files: rollback of all with the directory", 1000, small, applied,
              call("SELECT count(*) FROM migrate.rollback(everything => true, dir => '{dir}')")),
    Operation("files: refresh", 1000, small, applied, call("SELECT count(*) FROM migrate.refresh('{dir}')")),
    Operation("files: baseline", 2000, small, nothing, call("SELECT count(*) FROM migrate.baseline('{dir}')")),
    Operation("files: adopt", 2000, small, goose_table, call("SELECT count(*) FROM migrate.adopt('{dir}')")),
    Operation("files: target is the last", 2000, small, create_t,
              call("SELECT count(*) FROM migrate.apply('{dir}', target => lpad('{n}', 6, '0'))")),
    Operation("files with other white space: apply", 4000, small, changed, apply),
    Operation("files with other statements: status", 3000, small, edited, status),
    Operation("files with other statements: repair", 1000, small, edited,
              call("SELECT count(*) FROM migrate.repair('{dir}')")),
    Operation("files that are missing: status", 10000, small, emptied, status),
    Operation("files: create", 10000, small, nothing, call("SELECT migrate.create('x', '{dir}')")),
    Operation("files beside the migrations: plan", 40000,
              lambda n: {"000001_m.sql": "-- +goose Up\nSELECT 1;\n", **many_files("", n, "x{}.sql")}, nothing, plan),
    Operation("folders of diesel: plan", 3000, lambda n: {
        **many_files("SELECT 1;\n", n, "{:06}_m/up.sql"), **many_files("SELECT 1;\n", n, "{:06}_m/down.sql")}, nothing, plan),
    Operation("names of Flyway or of refinery: status", 5000, two_kinds, nothing, status),
    Operation("folders of prisma: plan", 3000, lambda n: many_files("SELECT {};\n", n, "{:06}_m/migration.sql"), nothing, plan),
    Operation("files that the client sends: plan", 10000, lambda n: {}, nothing, call(
        f"SELECT count(*) FROM migrate.plan(files => {SENT})")),
    Operation("files that the client sends: apply", 2000, lambda n: {}, nothing, call(
        f"SELECT count(*) FROM migrate.apply(files => {SENT})")),
    Operation("files that the client sends: apply, nothing to do", 8000, lambda n: {}, call(
        f"SELECT count(*) FROM migrate.apply(files => {SENT})"), call(f"SELECT count(*) FROM migrate.apply(files => {SENT})")),
    # applied rows
    Operation("applied rows: one more, apply", 5000, small, one_more, apply),
    Operation("applied rows: one more, up", 5000, small, one_more, up),
    Operation("applied rows: version", 10000, small, applied, repeat(5, "migrate.version()")),
    Operation("applied rows: history", 10000, small, applied, repeat(10, "count(*) FROM migrate.history()")),
    Operation("applied rows: rollback of one", 10000, small, applied, call("SELECT count(*) FROM migrate.rollback(steps => 1)")),
    Operation("applied rows: redo", 20000, small, applied, call("SELECT count(*) FROM migrate.redo()")),
    Operation("versions asked for: apply", 2000, small, create_t, call(
        "SELECT count(*) FROM migrate.apply('{dir}', versions => ARRAY(SELECT lpad(i::text, 6, '0') FROM generate_series(1, {n}) i))")),
    Operation("versions asked for: plan", 4000, small, nothing, call(
        "SELECT count(*) FROM migrate.plan('{dir}', versions => ARRAY(SELECT lpad(i::text, 6, '0') FROM generate_series(1, {n}) i))")),
    Operation("versions of which one is unknown: error", 10000, small, nothing,
              refused("migrate.plan('{dir}', target => 'nosuch')")),
    Operation("versions that two files have each: error", 10000, lambda n: {
        **many_files("SELECT 1;\n", n, "{:06}_a.sql"), **many_files("SELECT 1;\n", n, "{:07}_b.sql")}, nothing,
              refused("migrate.plan('{dir}')")),
    # variables
    Operation("variables that are given: apply", 100000, lambda n: {"1_a.sql": "SELECT 1;\n"}, nothing, call(
        "SELECT count(*) FROM migrate.apply('{dir}', "
        "vars => (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, {n}) i))")),
    Operation("variables that are used: apply", 15000, lambda n: one_file(
        "SELECT :k{};\n", n, ""), nothing, call(
        "SELECT count(*) FROM migrate.apply('{dir}', "
        "vars => (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, {n}) i))")),
    Operation("variables of files that use one each: apply", 2000, lambda n: many_files("SELECT :k{};\n", n), nothing, call(
        "SELECT count(*) FROM migrate.apply('{dir}', vars => '{{\"k\": 1}}' || "
        "(SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, {n}) i))")),
    Operation("variables of goose: plan", 30000, lambda n: one_file("SELECT ${{K{}}};\n", n, "-- +goose Up\n-- +goose ENVSUB ON\n"),
              nothing, call("SELECT count(*) FROM migrate.plan('{dir}', "
                            "vars => (SELECT jsonb_object_agg('K' || i, i) FROM generate_series(1, {n}) i))")),
    Operation("properties of Liquibase: plan", 40000, lambda n: {"a.sql": LIQUIBASE + "".join(
        f"--property name:p{i} value:{i}\n" for i in range(n)) + "--changeset a:1\n" + "".join(
            f"SELECT ${{p{i}}};\n" for i in range(n))}, nothing, plan),
    Operation("placeholders of Flyway, a file each: apply", 2000, lambda n: many_files("SELECT ${{k{}}};\n", n, "V{}__m.sql"), nothing,
              call("SELECT count(*) FROM migrate.apply('{dir}', "
                   "vars => (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, {n}) i))")),
    # includes
    Operation("includes of one file: apply", 2400, lambda n: {**one_file("\\ir x.inc\n", n, ""), "x.inc": "SELECT 1;\n"},
              nothing, apply),
    Operation("includes of n files: apply", 2400, lambda n: {
        **one_file("\\ir inc/{}.inc\n", n, ""), **many_files("SELECT {};\n", n, "inc/{}.inc")}, nothing, apply),
    Operation("files with an include each: apply, nothing to do", 3000, lambda n: {
        **many_files("\\ir x.inc\n", n), "x.inc": "SELECT 1;\n"}, applied, apply),
    # sections, directives, commands
    Operation("sections of a file: plan", 30000, lambda n: one_file(
        "-- migrate:up\nSELECT {0};\n-- migrate:down\nSELECT {0};\n", n, ""), nothing, plan),
    Operation("directives: plan", 50000, lambda n: one_file(
        "-- +goose StatementBegin\nSELECT {};\n-- +goose StatementEnd\n", n), nothing, plan),
    Operation("breakpoints: plan", 60000, lambda n: {
        "meta/_journal.json": '{"entries": [{"idx": 0, "tag": "0000_a", "when": 1}]}',
        "0000_a.sql": f"SELECT 1;\n{BREAKPOINT}" * n}, nothing, plan),
    Operation("commands of psql: plan", 150000, lambda n: one_file("\\echo {}\n", n, "", "SELECT 1;\n"), nothing, plan),
    Operation("allowances: plan", 20000, lambda n: one_file(
        "-- migrate: allow misspelt-marker a reason\n-- down\nSELECT {};\n", n), nothing, plan),
    Operation("constraints that are deferred: up", 250, lambda n: many_files(
        "CREATE TABLE p{0} (i integer PRIMARY KEY);\n"
        "CREATE TABLE f{0} (i integer REFERENCES p{0} DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO f{0} VALUES (NULL);\n", n), nothing, up),
    # notices
    Operation("notices of one statement: apply", 500000, lambda n: {
        "1_a.sql": f"DO $$ BEGIN FOR i IN 1..{n} LOOP RAISE NOTICE 'n %', i; END LOOP; END $$;\n"}, nothing, apply),
    Operation("notices of n statements: apply", 15000, lambda n: one_file("DROP TABLE IF EXISTS nosuch{};\n", n), nothing, apply),
    Operation("notices of a script from several files: apply", 15000, lambda n: {
        **one_file("DROP TABLE IF EXISTS nosuch{};\n", n, "\\ir x.inc\n"), "x.inc": "SELECT 1;\n"}, nothing, apply),
    # order files, changesets
    Operation("changesets of a file: plan", 10000, lambda n: {"a.sql": LIQUIBASE + "".join(
        f"--changeset a:{i}\nSELECT 1;\n" for i in range(n))}, nothing, plan),
    Operation("changesets of a file: apply", 3000, lambda n: {"a.sql": LIQUIBASE + "".join(
        f"--changeset a:{i}\nSELECT 1;\n" for i in range(n))}, nothing, apply),
    Operation("statements of a changeset with a delimiter: plan", 20000, lambda n: {
        "a.sql": LIQUIBASE + "--changeset a:1 endDelimiter:/\n" + "SELECT 1\n/\n" * n}, nothing, plan),
    Operation("changesets with a delimiter each: plan", 10000, lambda n: {"a.sql": LIQUIBASE + "".join(
        f"--changeset a:{i} endDelimiter:/\nSELECT 1\n/\n" for i in range(n))}, nothing, plan),
    Operation("changesets of a file with an include: plan", 5000, lambda n: {"x.inc": "SELECT 1;\n", "a.sql": LIQUIBASE + "".join(
        f"--changeset a:{i}\nSELECT 1;\n" for i in range(n)) + "--changeset b:1\n\\ir x.inc\n"}, nothing, plan),
    Operation("changesets with one author:id, a file each: plan", 5000, lambda n: many_files(
        LIQUIBASE + "--changeset a:1\nSELECT {};\n", n), nothing, plan),
    Operation("changesets with one author:id, a file each: apply", 2500, lambda n: many_files(
        LIQUIBASE + "--changeset a:1\nSELECT {};\n", n), nothing, apply),
    Operation("changesets with one author:id, nothing to do", 5000, lambda n: many_files(
        LIQUIBASE + "--changeset a:1\nSELECT {};\n", n), call(APPLY), apply),
    Operation("changesets with one author:id: rollback of all", 2000, lambda n: many_files(
        LIQUIBASE + "--changeset a:1\nSELECT {};\n--rollback SELECT 1;\n", n), call(APPLY), rollback),
    Operation("changesets of a file: nothing to do", 20000, changesets, call(APPLY), apply),
    Operation("changesets of a file: one more, apply", 5000, changesets, one_more_changeset, apply),
    Operation("files of atlas with sums: nothing to do", 8000, atlas, call(APPLY), apply),
    Operation("files of graphile-migrate: nothing to do", 8000, graphile, call(APPLY), apply),
    Operation("files of yoyo that depend on others: nothing to do", 8000, yoyo, call(APPLY), apply),
    Operation("files whose format the history decides: nothing to do", 8000, lambda n: many_files("SELECT {};\n", n),
              call("SELECT count(*) FROM migrate.apply('{dir}', format => 'sqlx')"), apply),
    Operation("lines of sqitch's plan: plan", 4000, sqitch, nothing, plan),
    Operation("lines of sqitch's plan: apply", 3000, sqitch, nothing, apply),
    Operation("lines of sqitch's plan: nothing to do", 6000, sqitch, call(APPLY), apply),
    Operation("entries of drizzle's journal: plan", 4000, drizzle, nothing, plan),
    Operation("entries of drizzle's journal: apply", 3000, drizzle, nothing, apply),
    Operation("entries of drizzle's journal: nothing to do", 6000, drizzle, call(APPLY), apply),
    # COPY
    Operation("rows of COPY: apply", 200000, lambda n: one_file("{}\n", n, "-- +goose Up\nCOPY t FROM stdin;\n", "\\.\n"),
              create_t, apply),
    Operation("rows of COPY: plan", 1000000, lambda n: one_file("{}\n", n, "-- +goose Up\nCOPY t FROM stdin;\n", "\\.\n"),
              nothing, plan),
    # histories
    Operation("projects: apply of one migration each", 500, lambda n: {"1_a.sql": "SELECT 1;\n"}, create_t,
              repeat("{n}", "migrate.apply('{dir}', project => 'p' || i)")),
    Operation("projects in the tables: 500 calls of apply", 1000, lambda n: {"1_a.sql": "SELECT 1;\n"}, other_histories,
              repeat(500, "migrate.apply('{dir}', project => 'q' || i)")),
    Operation("failed attempts in the history: status", 500, lambda n: {"1_a.sql": "SELECT 1;\n", "2_b.sql": "SELECT 1 / 0;\n"},
              lambda n, directory: QUIET + "\\set ON_ERROR_STOP off\n" + f"CALL migrate.up('{directory}');\n" * n,
              repeat(200, "count(*) FROM migrate.status('{dir}')")),
    # waiters
    Operation("starters at once: up", 24, lambda n: tables(100), nothing, starters(UP)),
    Operation("starters at once: apply", 24, lambda n: tables(100), nothing, starters(APPLY)),
]


#
# Measuring
#

def write_directory(path, files):
    os.makedirs(path)
    for name, text in files.items():
        os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
        with open(f"{path}/{name}", "w", encoding="utf-8") as file:
            file.write(text)


class Case:
    """An operation at one size: its directory, and the database to begin with."""

    def __init__(self, operation, factor, work):
        self.size = operation.n * factor
        self.directory = f"{work}/{self.size}"
        files = operation.files(self.size)
        write_directory(self.directory, files)
        self.template = f"state_{factor}"
        before = operation.before(self.size, self.directory)
        fresh_database(self.template)
        if before:
            psql(before, self.template)
            psql("VACUUM ANALYZE", self.template)
        self.timed = operation.timed(self.size, self.directory)
        self.entries = set(os.listdir(self.directory))
        self.times = []

    def run(self):
        fresh_database("bench", self.template)
        self.times.append(self.timed("bench") if callable(self.timed) else timed_by_psql(self.timed))
        for entry in set(os.listdir(self.directory)) - self.entries:  # what create() has written
            os.remove(f"{self.directory}/{entry}")


def timed_by_psql(statement):
    """Milliseconds of the last statement, as psql sees it."""
    lines = psql("\\timing on\n" + statement, "bench").splitlines()
    return float([line for line in lines if line.startswith("Time: ")][-1].split()[1])


def exponent(cases):
    xs = [math.log(case.size) for case in cases]
    ys = [math.log(median(case.times)) for case in cases]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def measure(operation, rounds, work):
    """The cases of an operation, measured; and measured anew, once, if they look bad."""
    shutil.rmtree(work, ignore_errors=True)
    cases = [Case(operation, factor, work) for factor in FACTORS]
    for _ in range(rounds):
        for case in cases:
            case.run()
    if exponent(cases) > LIMIT:
        say(f"  {operation.name}: {exponent(cases):.2f}, measured again")
        for case in cases:
            case.times.clear()
        for _ in range(rounds):
            for case in cases:
                case.run()
    return cases


def row(operation, cases):
    found = exponent(cases)
    return [operation.name, operation.n, *(f"{median(case.times):.0f}" for case in cases), f"{found:.2f}",
            "**over 1.2**" if found > LIMIT else ""]


def options():
    parser = argparse.ArgumentParser(prog="bench/scale")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def main():
    asked = options()
    chosen = [each for each in OPERATIONS if not asked.only or any(text in each.name for text in asked.only)]
    if asked.list:
        print("".join(f"{each.n:>8}  {each.name}\n" for each in chosen), end="")
        return 0
    rows = [["operation", "n", "n, ms", "2n, ms", "4n, ms", "exponent", ""]]
    bad = 0
    with Cluster(autovacuum="off") as cluster:
        print(machine() + f", {asked.rounds} rounds\n", flush=True)
        for operation in chosen:
            begin = time.monotonic()
            try:
                cases = measure(operation, asked.rounds, f"{cluster.work}/files")
                rows.append(row(operation, cases))
                bad += exponent(cases) > LIMIT
            except Failed as failure:
                rows.append([operation.name, operation.n, "", "", "", "", "**failed**"])
                say(f"  {operation.name}: {failure}")
                bad += 1
            say(f"{' | '.join(map(str, rows[-1]))}  ({time.monotonic() - begin:.0f} s)")
    print(table(rows), end="")
    return 1 if bad else 0


sys.exit(main())
