"""The contenders of bench/peers: how each has its migrations, and what it is called with.

A contender is one class; adding one is adding one.  A tool has the name that
test/interop/tools.sh installs it by.  Each migration has one statement and its opposite,
the same ones for all.
"""

import os

LOCK = 42


def statements(number):
    """The statements up and down of the migration with this number, from 1.

    Six make a table with all that belongs to it.  A migration that runs twice
    fails or leaves a second row.
    """
    table = f"bench_{(number - 1) // 6 + 1:05}"
    return [
        (f"CREATE TABLE {table} (id integer NOT NULL, label text NOT NULL);", f"DROP TABLE {table};"),
        (f"ALTER TABLE {table} ADD price numeric(10, 2) NOT NULL DEFAULT 0;", f"ALTER TABLE {table} DROP price;"),
        (f"CREATE INDEX {table}_label_idx ON {table} (label);", f"DROP INDEX {table}_label_idx;"),
        (f"INSERT INTO {table} (id, label, price) VALUES (1, 'first', 9.99);", f"DELETE FROM {table} WHERE id = 1;"),
        (f"CREATE FUNCTION {table}_total() RETURNS numeric LANGUAGE sql AS 'SELECT sum(price) FROM {table}';",
         f"DROP FUNCTION {table}_total();"),
        (f"COMMENT ON TABLE {table} IS 'A table of the benchmark.';", f"COMMENT ON TABLE {table} IS NULL;"),
    ][(number - 1) % 6]


def found(count):
    """SQL that is true if the first `count` migrations have run, each once."""
    parts = [sum((number - 1) % 6 == kind for number in range(1, count + 1)) for kind in range(6)]
    like = r"relname ~ '^bench_\d+$'"
    rows = "".join(f" + (SELECT count(*) FROM bench_{number:05})" for number in range(1, parts[0] + 1)) if count <= 1000 else ""
    return f"""SELECT (SELECT count(*) FROM pg_class WHERE {like} AND relkind = 'r') = {parts[0]}
        AND (SELECT count(*) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE {like} AND attname = 'price') = {parts[1]}
        AND (SELECT count(*) FROM pg_class WHERE relname ~ '^bench_\\d+_label_idx$') = {parts[2]}
        AND (SELECT count(*) FROM pg_proc WHERE proname ~ '^bench_\\d+_total$') = {parts[4]}
        AND (SELECT count(*) FROM pg_description JOIN pg_class c ON c.oid = objoid AND objsubid = 0 WHERE {like}) = {parts[5]}
        AND {f"0{rows} = {parts[3]}" if rows else "true"}"""


class Place:
    """Where a contender runs: its folder and how the database is reached."""

    def __init__(self, work, port, password, tools):
        self.work, self.port, self.password, self.tools = work, port, password, tools
        self.migrations = f"{work}/m"
        self.url = f"postgres://postgres:{password}@127.0.0.1:{port}/bench?sslmode=disable"
        self.jdbc = f"jdbc:postgresql://127.0.0.1:{port}/bench"

    def write(self, name, text):
        path = f"{self.work}/{name}"
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


class Contender:
    """Defaults; `tool` is None for what needs nothing installed."""

    name = ""
    tool = None
    compares = False  # whether a start compares the files' text with what ran
    history = True    # whether it knows what has run; else there is no "nothing to do"
    most = 10000      # migrations; more would take too long
    setup = ""        # SQL in the new database
    recorded = ""     # SQL for the numbers of rows and of versions in its history

    def __init__(self, place):
        self.place = place

    def program(self, name=None):
        return f"{self.place.tools[self.tool]}/bin/{name or self.tool}"

    def environment(self):
        return {}

    def write(self, number, up, down):
        """The files of one migration."""
        raise NotImplementedError

    def finish(self, count):
        """What is about all of them."""

    def up(self, count):
        """The command that applies all `count` migrations."""
        raise NotImplementedError

    def nothing(self, count):
        return self.up(count) if self.history else None

    def more(self, count):
        """The command that applies the last one of `count`."""
        return self.up(count)

    def down_one(self, count):
        """The command that undoes the last one of `count`, or None."""
        return None

    def down_all(self, count):
        return None


#
# psql
#

PSQL = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]


class PsqlEach(Contender):
    """The base of all ratios."""

    name = "psql, a transaction each"
    history = False

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}.sql", f"BEGIN;\n{up}\nCOMMIT;\n")
        self.place.write(f"d/{number:05}.sql", f"BEGIN;\n{down}\nCOMMIT;\n")

    def files(self, folder, numbers):
        return [*PSQL, *(word for number in numbers for word in ("-f", f"{folder}/{number:05}.sql"))]

    def up(self, count):
        return self.files("m", range(1, count + 1))

    # The least that a start costs which looks whether the files are what ran.
    def nothing(self, count):
        return [*PSQL, "-c", "SELECT count(sha256(pg_read_binary_file(dir || '/' || name))) "
                f"FROM (VALUES ('{self.place.migrations}')) AS d (dir), pg_ls_dir(dir) AS name"]

    def more(self, count):
        return self.files("m", [count])

    def down_one(self, count):
        return self.files("d", [count])

    def down_all(self, count):
        return self.files("d", range(count, 0, -1))


class PsqlOne(Contender):
    name = "psql, one transaction"
    history = False

    def __init__(self, place):
        super().__init__(place)
        self.all = {}

    def write(self, number, up, down):
        self.all[number] = (up, down)

    def finish(self, count):
        self.place.write("up.sql", "\n".join(self.all[number][0] for number in range(1, count + 1)))
        self.place.write("down.sql", "\n".join(self.all[number][1] for number in range(count, 0, -1)))
        self.place.write("last_up.sql", self.all[count][0])
        self.place.write("last_down.sql", self.all[count][1])

    def run(self, name):
        return [*PSQL, "-1", "-f", f"{name}.sql"]

    def up(self, count):
        return self.run("up")

    def more(self, count):
        return self.run("last_up")

    def down_one(self, count):
        return self.run("last_down")

    def down_all(self, count):
        return self.run("down")


class Plain(Contender):
    """Files with the statement up and nothing else."""

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}_m.sql", up + "\n")


class Loop(Plain):
    name = "PL/pgSQL loop without a history"
    history = False

    def loop(self, first):
        return [*PSQL, "-c", f"""DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT n FROM pg_ls_dir('{self.place.migrations}') AS n WHERE n >= '{first:05}' ORDER BY n COLLATE "C" LOOP
        EXECUTE pg_read_file('{self.place.migrations}/' || name);
    END LOOP;
END $$"""]

    def up(self, count):
        return self.loop(1)

    def more(self, count):
        return self.loop(count)


LOOP_BODY = """
DECLARE
    file text;
    body text;
    hash bytea;
    ran bytea;
BEGIN
    {lock}
    FOR file IN SELECT n FROM pg_ls_dir(dir) AS n ORDER BY n COLLATE "C" LOOP
        body := pg_read_file(dir || '/' || file);
        hash := sha256(convert_to(body, 'UTF8'));
        SELECT sha256 INTO ran FROM loop_history WHERE version = file;
        IF ran IS NULL THEN
            EXECUTE body;
            INSERT INTO loop_history (version, sha256) VALUES (file, hash);
            {commit}
        ELSIF ran <> hash THEN
            RAISE EXCEPTION '% has changed', file;
        END IF;
    END LOOP;
    {unlock}
END
"""
LOOP_TABLE = """CREATE TABLE loop_history (version text PRIMARY KEY, sha256 bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), applied_by text NOT NULL DEFAULT current_user);
"""


class LoopHistory(Plain):
    name = "PL/pgSQL loop with lock, SHA-256 and history"
    compares = True
    setup = LOOP_TABLE + "CREATE FUNCTION loop_apply(dir text) RETURNS void LANGUAGE plpgsql AS $$" + LOOP_BODY.format(
        lock=f"PERFORM pg_advisory_xact_lock({LOCK});", commit="", unlock="") + "$$;"
    recorded = "SELECT count(*), count(DISTINCT version) FROM loop_history"

    def up(self, count):
        return [*PSQL, "-c", f"SELECT loop_apply('{self.place.migrations}')"]


class LoopCommits(Plain):
    name = "the same loop with a commit each"
    compares = True
    setup = LOOP_TABLE + "CREATE PROCEDURE loop_up(dir text) LANGUAGE plpgsql AS $$" + LOOP_BODY.format(
        lock=f"PERFORM pg_advisory_lock({LOCK});", commit="COMMIT;", unlock=f"PERFORM pg_advisory_unlock({LOCK});") + "$$;"
    recorded = "SELECT count(*), count(DISTINCT version) FROM loop_history"

    def up(self, count):
        return [*PSQL, "-c", f"CALL loop_up('{self.place.migrations}')"]


#
# migrate
#

class Goose(Contender):
    name = tool = "goose"
    recorded = "SELECT count(*), count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0"

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}_m.sql", f"-- +goose Up\n{up}\n\n-- +goose Down\n{down}\n")

    def run(self, *arguments):
        return [self.program(), "-dir", "m", "postgres", self.place.url, *arguments]

    def up(self, count):
        return self.run("up")

    def down_one(self, count):
        return self.run("down")

    def down_all(self, count):
        return self.run("reset")


class Apply(Goose):
    """It reads the directory that goose reads."""

    name = "`migrate.apply`"
    tool = None
    compares = True
    recorded = "SELECT count(*), count(DISTINCT version) FROM migrate.applied"

    def run(self, statement):
        return [*PSQL, "-c", statement]

    def up(self, count):
        return self.run(f"SELECT count(*) FROM migrate.apply('{self.place.migrations}')")

    def down_one(self, count):
        return self.run("SELECT count(*) FROM migrate.rollback(steps => 1)")

    def down_all(self, count):
        return self.run("SELECT count(*) FROM migrate.rollback(everything => true)")


class ApplyAtStart(Apply):
    """As an application calls it, which is connected anyway and does not start psql."""

    name = "`migrate.apply`, called by a program"

    def run(self, statement):
        return [f"{self.place.tools['call']}/call", statement]


class Up(Apply):
    name = "`CALL migrate.up`"

    def up(self, count):
        return self.run(f"CALL migrate.up('{self.place.migrations}')")

    def down_one(self, count):
        return self.run("CALL migrate.down(steps => 1)")

    def down_all(self, count):
        return self.run("CALL migrate.down(everything => true)")


#
# The tools
#

class GolangMigrate(Contender):
    name = tool = "golang-migrate"
    # It keeps the last version only.
    recorded = "SELECT version, version FROM schema_migrations WHERE NOT dirty"

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}_m.up.sql", up + "\n")
        self.place.write(f"m/{number:05}_m.down.sql", down + "\n")

    def run(self, *arguments):
        return [self.program("migrate"), "-path", "m", "-database", self.place.url, *arguments]

    def up(self, count):
        return self.run("up")

    def down_one(self, count):
        return self.run("down", "1")

    def down_all(self, count):
        return self.run("down", "-all")


class Dbmate(Contender):
    name = tool = "dbmate"
    recorded = "SELECT count(*), count(DISTINCT version) FROM schema_migrations"

    def write(self, number, up, down):
        self.place.write(f"m/202501{number:08}_m.sql", f"-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n")

    def run(self, command):
        return [self.program(), "--url", self.place.url, "--migrations-dir", "m", "--no-dump-schema", command]

    def up(self, count):
        return self.run("migrate")

    def down_one(self, count):
        return self.run("rollback")


class SqlMigrate(Contender):
    name = tool = "sql-migrate"
    recorded = "SELECT count(*), count(DISTINCT id) FROM gorp_migrations"

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}-m.sql", f"-- +migrate Up\n{up}\n\n-- +migrate Down\n{down}\n")

    def finish(self, count):
        self.place.write("dbconfig.yml", f"development:\n  dialect: postgres\n  datasource: {self.place.url}\n  dir: m\n")

    def up(self, count):
        return [self.program(), "up"]

    def down_one(self, count):
        return [self.program(), "down"]

    def down_all(self, count):
        return [self.program(), "down", "-limit=0"]


class Tern(Contender):
    name = tool = "tern"
    # It keeps the last version only.
    recorded = "SELECT version, version FROM schema_version"

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}_m.sql", f"{up}\n\n---- create above / drop below ----\n\n{down}\n")

    def finish(self, count):
        self.place.write("tern.conf", "[database]\ndatabase = bench\n")

    def run(self, *arguments):
        return [self.program(), "migrate", "--conn-string", self.place.url, "-m", "m", "-c", "tern.conf", *arguments]

    def up(self, count):
        return self.run()

    def down_one(self, count):
        return self.run("-d", "-1")

    def down_all(self, count):
        return self.run("-d", "0")


class Sqlx(Contender):
    name = "sqlx-cli"
    tool = "sqlx"
    compares = True
    recorded = "SELECT count(*), count(DISTINCT version) FROM _sqlx_migrations WHERE success"

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}_m.up.sql", up + "\n")
        self.place.write(f"m/{number:05}_m.down.sql", down + "\n")

    def run(self, *arguments):
        return [self.program(), "migrate", *arguments, "--source", "m", "--database-url", self.place.url]

    def up(self, count):
        return self.run("run")

    def down_one(self, count):
        return self.run("revert")

    def down_all(self, count):
        return self.run("revert", "--target-version", "0")


class Diesel(Contender):
    name = "diesel_cli"
    tool = "diesel"
    recorded = "SELECT count(*), count(DISTINCT version) FROM __diesel_schema_migrations WHERE version LIKE '2025%'"

    def write(self, number, up, down):
        self.place.write(f"m/2025-01-01-{number:06}_m/up.sql", up + "\n")
        self.place.write(f"m/2025-01-01-{number:06}_m/down.sql", down + "\n")

    def run(self, *arguments):
        return [self.program(), "migration", *arguments, "--migration-dir", "m", "--database-url", self.place.url]

    def up(self, count):
        return self.run("run")

    def down_one(self, count):
        return self.run("revert")

    def down_all(self, count):
        return self.run("revert", "--all")


class Refinery(Contender):
    name = tool = "refinery"
    compares = True
    recorded = "SELECT count(*), count(DISTINCT version) FROM refinery_schema_history"

    def write(self, number, up, down):
        self.place.write(f"m/V{number}__m.sql", up + "\n")

    def finish(self, count):
        self.place.write("refinery.toml", '[main]\ndb_type = "Postgres"\ndb_host = "127.0.0.1"\n'
                         f'db_port = "{self.place.port}"\ndb_user = "postgres"\ndb_pass = "{self.place.password}"\ndb_name = "bench"\n')

    def up(self, count):
        return [self.program(), "migrate", "-c", "refinery.toml", "-p", "m"]


class Flyway(Contender):
    name = "Flyway"
    tool = "flyway"
    compares = True
    most = 1000
    recorded = "SELECT count(*), count(DISTINCT version) FROM flyway_schema_history WHERE success AND version IS NOT NULL"

    def write(self, number, up, down):
        self.place.write(f"m/V{number}__m.sql", up + "\n")

    def up(self, count):
        return ["java", "-cp", f"{self.place.tools[self.tool]}/jars/*", "org.flywaydb.commandline.Main",
                f"-url={self.place.jdbc}", "-user=postgres", f"-password={self.place.password}",
                "-locations=filesystem:m", "migrate"]


class Liquibase(Contender):
    name = "Liquibase"
    tool = "liquibase"
    compares = True
    most = 1000
    recorded = "SELECT count(*), count(DISTINCT id) FROM databasechangelog"

    def write(self, number, up, down):
        self.place.write(f"m/{number:05}_m.sql", f"--liquibase formatted sql\n--changeset bench:{number}\n{up}\n--rollback {down}\n")

    def finish(self, count):
        self.place.write("m/root.xml", '<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"\n'
                         '    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n'
                         '    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog'
                         ' http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">\n'
                         + "".join(f'  <include file="{number:05}_m.sql"/>\n' for number in range(1, count + 1))
                         + "</databaseChangeLog>\n")

    def run(self, *arguments):
        return ["java", "-cp", f"{self.place.tools[self.tool]}/jars/*", "liquibase.integration.commandline.LiquibaseCommandLine",
                "--show-banner=false", "--search-path=m", "--changelog-file=root.xml", f"--url={self.place.jdbc}",
                "--username=postgres", f"--password={self.place.password}", *arguments]

    def up(self, count):
        return self.run("update")

    def down_one(self, count):
        return self.run("rollback-count", "--count=1")

    def down_all(self, count):
        return self.run("rollback-count", f"--count={count}")


class Sqitch(Contender):
    name = tool = "sqitch"
    most = 1000
    recorded = "SELECT count(*), count(DISTINCT change) FROM sqitch.changes"

    def program(self, name=None):
        return "sqitch"

    def environment(self):
        return {"SQITCH_FULLNAME": "Bench", "SQITCH_EMAIL": "bench@example.org", "TZ": "UTC"}

    def write(self, number, up, down):
        self.place.write(f"m/deploy/m{number:05}.sql", f"BEGIN;\n{up}\nCOMMIT;\n")
        self.place.write(f"m/revert/m{number:05}.sql", f"BEGIN;\n{down}\nCOMMIT;\n")

    def finish(self, count):
        self.place.write("m/sqitch.conf", "[core]\n\tengine = pg\n")
        self.place.write("m/sqitch.plan", "%syntax-version=1.0.0\n%project=bench\n\n" + "".join(
            f"m{number:05} 2025-01-01T00:00:00Z Bench <bench@example.org> # m\n" for number in range(1, count + 1)))

    def run(self, *arguments):
        return [self.program(), "--chdir", "m", *arguments,
                f"db:pg://postgres:{self.place.password}@127.0.0.1:{self.place.port}/bench"]

    def up(self, count):
        return self.run("deploy")

    def down_one(self, count):
        return self.run("revert", "-y", "--to", "@HEAD^")

    def down_all(self, count):
        return self.run("revert", "-y")


class NodePgMigrate(Contender):
    name = tool = "node-pg-migrate"
    recorded = "SELECT count(*), count(DISTINCT name) FROM pgmigrations"

    def environment(self):
        return {"DATABASE_URL": self.place.url}

    def write(self, number, up, down):
        self.place.write(f"m/{1700000000000 + number}_m.sql", f"-- Up Migration\n{up}\n\n-- Down Migration\n{down}\n")

    def up(self, count):
        return [self.program(), "up", "-m", "m"]

    def down_one(self, count):
        return [self.program(), "down", "-m", "m"]

    def down_all(self, count):
        return [self.program(), "down", str(count), "-m", "m"]


BASE = PsqlEach
ALL = [PsqlEach, PsqlOne, Loop, LoopHistory, LoopCommits, Apply, ApplyAtStart, Up, Goose, GolangMigrate, Dbmate, SqlMigrate, Tern, Sqlx, Diesel,
       Refinery, NodePgMigrate, Sqitch, Flyway, Liquibase]
