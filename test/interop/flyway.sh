# shellcheck shell=bash
#
# Flyway's callbacks, baseline files and configuration: for test/interop/run, which
# has fresh(), sql(), try(), same() and wrong().  Each directory is run by Flyway in
# one database and by migrate in another; what callbacks have logged, or the schema,
# has to be the same.

# A directory with a callback for each event that both have, which writes into a log.
# Not afterEachMigrateError: Flyway 12 runs it in the transaction that has failed, where
# PostgreSQL refuses every statement.
callback_directory() {
    local event
    rm -rf "$work/project"
    mkdir -p "$work/project/sql/more"
    cd "$work/project"
    for event in beforeValidate afterValidate beforeMigrate beforeMigrate__b_b beforeMigrate__a \
        beforeEachMigrate afterEachMigrate afterEachMigrate__x beforeRepeatables afterVersioned \
        afterMigrateApplied afterMigrate afterMigrateError; do
        echo "INSERT INTO log.entries (entry) VALUES ('$event');" >"sql/$event.sql"
    done
    mv sql/beforeMigrate__a.sql sql/more/
    migration V1__one one
    migration V2__two two
    migration R__names names
}

# migration NAME TABLE
migration() {
    printf 'CREATE TABLE IF NOT EXISTS %s (i int);\nINSERT INTO log.entries (entry) VALUES (%s);\n' \
        "$2" "'migration $2'" >"sql/$1.sql"
}

flyway_here() {
    java -cp "$flyway_jars/*" org.flywaydb.commandline.Main -url="jdbc:postgresql://127.0.0.1:$PGPORT/$PGDATABASE" \
        -user="$PGUSER" -password="$PGPASSWORD" -postgresql.transactional.lock=false "$@" 2>&1
}

entries() { sql -c 'SELECT entry FROM log.entries ORDER BY id'; }

new_database() {
    PGDATABASE=postgres sql -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1"
    PGDATABASE=$1 sql -c 'CREATE EXTENSION migrate; CREATE SCHEMA log; CREATE TABLE log.entries (id serial, entry text)'
}

# both NAME [OPTION...]: Flyway with these options, and migrate, on the directory.
both() {
    local name=$1
    shift
    PGDATABASE=interop_flyway flyway_here "$@" migrate >"$logs/flyway.$name-flyway.out" || true
    PGDATABASE=interop_migrate sql -c 'SET migrate.callbacks_always = on' \
        -c "CALL migrate.up('$work/project')" >"$logs/flyway.$name-migrate.out" 2>&1 || true
    PGDATABASE=interop_flyway entries >"$logs/flyway.$name-theirs"
    PGDATABASE=interop_migrate entries >"$logs/flyway.$name-ours"
    PGDATABASE=interop_flyway dump --schema-only --exclude-schema=migrate \
        --exclude-table=flyway_schema_history --exclude-table='"own history"' >"$logs/flyway.$name-schema"
    PGDATABASE=interop_migrate dump_schema >"$logs/flyway.$name-our-schema"
    same "$name-theirs" "$name-ours" "$name: what callbacks and migrations have logged" || true
    same "$name-schema" "$name-our-schema" "$name: the schema" || true
    [ -s "$logs/flyway.$name-theirs" ] || wrong "$name: nothing is logged" "$logs/flyway.$name-flyway.out"
}

fresh_databases() {
    new_database interop_flyway
    new_database interop_migrate
}

# Both in one database: an R migration has a value of the configuration, which changes.  That
# is known of one that was adopted, and with migrate.keep_in_step Flyway finds its checksum
# right, and runs it no more.
values_in_step() {
    rm -rf "$work/project"
    mkdir -p "$work/project/sql"
    cd "$work/project"
    printf 'flyway.locations=filesystem:sql\nflyway.placeholders.entry=first\n' >flyway.conf
    migration V1__one one
    echo "INSERT INTO log.entries (entry) VALUES ('\${entry}');" >sql/R__entry.sql
    new_database interop_flyway
    local PGDATABASE=interop_flyway
    if try values-first flyway_here migrate && try values-adopt adopt_project && sed -i 's/first/second/' flyway.conf &&
        try values-up sql -c 'SET migrate.keep_in_step = on' -c "CALL migrate.up('$work/project')" &&
        try values-validate flyway_here validate && try values-migrate flyway_here migrate; then
        printf '%s\n' 'migration one' first second >"$logs/flyway.values-wanted"
        entries >"$logs/flyway.values-entries"
        same values-wanted values-entries 'values in step: what has run' || true
    fi
}
adopt_project() { sql -c "SELECT version, name, note FROM migrate.adopt('$work/project')"; }

more_flyway() {
    local at='-locations=filesystem:sql'
    callback_directory
    fresh_databases
    both first "$at"
    both nothing "$at"
    migration V3__three three
    echo 'SELECT 1/0;' >>sql/V3__three.sql
    both failing "$at"
    migration V3__three three
    both corrected "$at"
    migration R__names other_names
    both repeatable "$at"

    # B files: the last one in an empty database, with callbacks
    migration B2__all all_of_them
    migration B1__old old
    fresh_databases
    both baseline "$at"
    migration V4__four four
    both after-baseline "$at"

    # configuration: names, locations, placeholders
    rm -r sql
    mkdir -p sql/b more/other calls
    cat >flyway.toml <<'TOML'
[environments.default]
url = "jdbc:postgresql://nowhere/none"
[flyway]
locations = ["filesystem:sql", "filesystem:more/oth?r"]
callbackLocations = ["filesystem:calls"]
sqlMigrationPrefix = "M"
repeatableSqlMigrationPrefix = "again"
sqlMigrationSeparator = "-"
sqlMigrationSuffixes = [".pgsql", ".sql"]
placeholderPrefix = "#["
placeholderSuffix = "]"
table = "own history"
[flyway.placeholders]
entry = "th\u00e9 entry"
TOML
    echo "CREATE TABLE m1 (); INSERT INTO log.entries (entry) VALUES ('m1 #[entry] \${x}');" >sql/M1-a.pgsql
    echo "CREATE TABLE m2 (); INSERT INTO log.entries (entry) VALUES ('m2 #[flyway:filename]');" >more/other/M1_1-b__c.sql
    echo "INSERT INTO log.entries (entry) VALUES ('again #[Entry]');" >sql/b/again-r.sql
    echo "INSERT INTO log.entries (entry) VALUES ('after #[entry]');" >calls/afterMigrate-x.sql
    echo 'SELECT 1/0;' >sql/V3__no.sql
    echo 'SELECT 1/0;' >sql/afterMigrate.sql
    fresh_databases
    both toml
    sed -i 's/^entry = .*/entry = "another"/' flyway.toml
    both toml-changed
    cat >flyway.conf <<'CONF'
# settings
flyway.locations = filesystem:sql/b,filesystem:more
flyway.sqlMigrationPrefix: M
flyway.repeatableSqlMigrationPrefix=again
flyway.sqlMigrationSeparator=-
flyway.placeholderPrefix=#[
flyway.placeholderSuffix=]
flyway.placeholders.entry=with a back\slash, \
    and more
flyway.outOfOrder=true
CONF
    both toml-first
    rm flyway.toml
    fresh_databases
    both conf
    echo "INSERT INTO log.entries (entry) VALUES ('late');" >more/M0.5-late.sql
    both conf-late
    values_in_step
    cd "$logs"
}
