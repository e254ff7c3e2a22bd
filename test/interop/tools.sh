# shellcheck shell=bash
# Sourced by test/interop/run, and by bench/peers, which only installs them: the
# tools, in the versions that are tested.
#
# A tool T is a row in each table that applies to it, and the functions
#
#   install_T DIR   installs it into DIR, as root
#   use_T DIR       makes it usable from there, as postgres (default: DIR/bin in PATH)
#   prepare_T       changes the directory first, if the tool needs it
#   up_T part|all   applies a part of the directory, or all of it
#   status_T        prints the output of its own commands, which may depend only on
#                   its table and the directory
#   applied_T       reads that output, and prints the versions that are applied
#
# All but the first two run in a folder with the directory as migrations/, and use
# the database in $URL, $JDBC and the variables of libpq.

tools=(goose golang-migrate dbmate sql-migrate tern sqlx diesel refinery flyway liquibase
    node-pg-migrate prisma drizzle graphile-migrate postgres-migrations postgrator yoyo sqitch)

declare -A version=(
    [goose]=3.29.0
    [golang-migrate]=4.20.1
    [dbmate]=2.35.0
    [sql-migrate]=1.8.1
    [tern]=2.3.4
    [sqlx]=0.9.0
    [diesel]=2.3.14
    [refinery]=0.10.0
    [flyway]=12.5.0
    [liquibase]=5.0.4
    [node-pg-migrate]=7.9.1
    [prisma]=6.19.3
    [drizzle]=0.31.11
    [graphile-migrate]=1.4.1
    [postgres-migrations]=5.3.0
    [postgrator]=8.0.0
    [yoyo]=8.2.0
    [sqitch]=Debian
)
go_version=1.26.8 # if this machine's Go is too old to download it by itself
jdbc=org.postgresql:postgresql:42.7.14
pg=8.23.1

# Its directory, if it is not test/migrations/TOOL.
declare -A fixture=(
    [goose]=test/migrations/goose_app
    [dbmate]=test/interop/dbmate # dbmate refuses the second of two pairs in one file
    [sqlx]=test/migrations/sqlx_simple
)

# The options for pg_dump of its table.
declare -A table=(
    [goose]='-t goose_db_version'
    [golang-migrate]='-t schema_migrations'
    [dbmate]='-t schema_migrations'
    [sql-migrate]='-t gorp_migrations'
    [tern]='-t schema_version'
    [sqlx]='-t _sqlx_migrations'
    [diesel]='-t __diesel_schema_migrations'
    [refinery]='-t refinery_schema_history'
    [flyway]='-t flyway_schema_history'
    [liquibase]='-t databasechangelog -t databasechangeloglock'
    [node-pg-migrate]='-t pgmigrations'
    [prisma]='-t _prisma_migrations'
    [drizzle]='-n drizzle'
    [graphile-migrate]='-n graphile_migrate'
    [postgres-migrations]='-t migrations'
    [postgrator]='-t schemaversion'
    [yoyo]='-t _yoyo_migration'
    [sqitch]='-n sqitch'
)

# When it applied the migrations, if its table has the times.
declare -A times=(
    [goose]='SELECT tstamp FROM goose_db_version WHERE version_id > 0'
    [sql-migrate]='SELECT applied_at FROM gorp_migrations'
    [sqlx]='SELECT installed_on FROM _sqlx_migrations'
    [diesel]='SELECT run_on FROM __diesel_schema_migrations'
    [refinery]='SELECT applied_on FROM refinery_schema_history'
    [flyway]='SELECT installed_on FROM flyway_schema_history'
    [liquibase]='SELECT dateexecuted FROM databasechangelog'
    [node-pg-migrate]='SELECT run_on FROM pgmigrations'
    [prisma]='SELECT finished_at FROM _prisma_migrations'
    [graphile-migrate]='SELECT date FROM graphile_migrate.migrations'
    [postgres-migrations]='SELECT executed_at FROM migrations WHERE id > 0'
    [postgrator]='SELECT run_at FROM schemaversion WHERE version > 0'
    [yoyo]="SELECT applied_at_utc AT TIME ZONE 'UTC' FROM _yoyo_migration"
    [sqitch]='SELECT committed_at FROM sqitch.changes'
)

# Values for the directory's variables.
declare -A vars=(
    [flyway]='{"first_lighthouse": "Old Point", "commented_table": "lighthouses", "region": "the Fen"}'
    [graphile-migrate]='{"DATABASE_NAME": "interop", "DATABASE_OWNER": "postgres"}'
)

# If it keeps checksums: a file to change, and its version; "-" if the directory
# has checksums, so that a change is an error before adopt() compares them.
declare -A changed=(
    [sqlx]='20230110080000_create_huts.sql 20230110080000'
    [refinery]='V1__create_vats.sql 1'
    [flyway]='V1.1__create_passages.sql 1.1'
    [liquibase]='001_seeds.sql ada:create-seeds'
    [prisma]='20240112140000_loaves/migration.sql 20240112140000'
    [drizzle]='0000_quiet_apple.sql 0000'
    [graphile-migrate]='-'
    [postgres-migrations]='2_create-levels.sql 2'
    [postgrator]='002.do.rooms.sql 002'
    [sqitch]='deploy/telescopes.sql telescopes'
)

# Those that migrate.keep_in_step writes for, and those whose last migration can be
# undone.
# shellcheck disable=SC2034
kept_in_step='goose golang-migrate dbmate sql-migrate flyway sqlx prisma'
declare -A goes_back=([goose]=yes [golang-migrate]=yes [dbmate]=yes [sql-migrate]=yes [flyway]=yes)

# The folder of a tool, below TOOLS.
tool_dir() { echo "$TOOLS/$1-${version[$1]}"; }

version_of() {
    if [ "${version[$1]}" = Debian ]; then
        dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/-[^-]*$//' || echo Debian
    else
        echo "${version[$1]}"
    fi
}

#
# Registries.
#

package() { "$TOP/dev/lib/packages" "$@"; }

# From 1.21 on, Go downloads the toolchain that a module requires.  Before that,
# the same is done here: the toolchain is a module, too.
need_go() {
    local minor module
    [ -n "$(command -v go)" ] || package golang-go
    minor=$(go env GOVERSION | sed -nE 's/^go1\.([0-9]+).*/\1/p')
    [ "$minor" -lt 21 ] || return 0
    module=golang.org/toolchain@v0.0.1-go$go_version.linux-$(go env GOARCH)
    if [ ! -d "$TOOLS/go-$go_version" ]; then
        (cd "$WORK" && go mod download "$module")
        rm -rf "$TOOLS/go-$go_version.partial"
        cp -r "$(go env GOMODCACHE)/$module" "$TOOLS/go-$go_version.partial"
        chmod -R u+w "$TOOLS/go-$go_version.partial"
        chmod +x "$TOOLS/go-$go_version.partial"/{bin/*,pkg/tool/*/*}
        mv "$TOOLS/go-$go_version.partial" "$TOOLS/go-$go_version"
    fi
    PATH=$TOOLS/go-$go_version/bin:$PATH
}

# go_build DIR MODULE VERSION PACKAGE NAME [TAGS].  As "go install" does, but
# without reading what other versions declare about this one.
go_build() {
    local dir=$1 module=$2 version=$3 package=$4 name=$5 tags=${6-}
    package build-essential
    need_go
    mkdir "$WORK/go"
    cd "$WORK/go"
    go mod init interop
    go mod edit -require="$module@v$version"
    go build -mod=mod -tags "$tags" -o "$dir/bin/$name" "$package"
}

# cargo_install DIR VERSION CRATE FEATURES
cargo_install() {
    package build-essential pkg-config
    [ -n "$(command -v cargo)" ] || package cargo-web rustc-web
    cargo install --locked --root "$1" --version "$2" --no-default-features --features "$4" "$3"
}

# npm_install DIR PACKAGE@VERSION...
npm_install() {
    local dir=$1
    shift
    [ -n "$(command -v npm)" ] || package npm
    npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund "$@"
    ln -s node_modules/.bin "$dir/bin"
}

# maven_jars DIR GROUP:ARTIFACT:VERSION...  Of "ARTIFACT!", the jar alone.
maven_jars() {
    local dir=$1 group artifact version
    shift
    [ -n "$(command -v mvn)" ] || package maven
    [ -n "$(command -v java)" ] || package default-jre-headless
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo '<groupId>interop</groupId><artifactId>interop</artifactId><version>1</version><dependencies>'
        while IFS=: read -r group artifact version; do
            echo "<dependency><groupId>$group</groupId><artifactId>${artifact%!}</artifactId><version>$version</version>"
            if [[ $artifact = *! ]]; then
                echo '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
            fi
            echo '</dependency>'
        done < <(printf '%s\n' "$@")
        echo '</dependencies></project>'
    } >"$WORK/pom.xml"
    mvn -B -q -f "$WORK/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/jars"
}

# A copy of the directory with the first N of its files or folders only.
first() {
    local name
    rm -rf part
    mkdir part
    for name in $(cd migrations && printf '%s\n' * | LC_ALL=C sort | head -n "$1"); do
        cp -r "migrations/$name" part/
    done
}

# For a tool without a status command: another run on what it has applied must
# have nothing to do.
looked_at() { if [ -d part ]; then echo part; else echo migrations; fi; }

#
# Go modules
#

# Only the driver for PostgreSQL.
install_goose() {
    go_build "$1" github.com/pressly/goose/v3 "${version[goose]}" github.com/pressly/goose/v3/cmd/goose goose \
        'no_clickhouse no_duckdb no_libsql no_mssql no_mysql no_spanner no_sqlite3 no_starrocks no_turso no_vertica no_ydb'
}
up_goose() {
    case $1 in
        part) goose -dir migrations postgres "$URL" up-to 4 ;;
        all) goose -dir migrations postgres "$URL" up ;;
    esac
}
status_goose() { goose -dir migrations postgres "$URL" status 2>&1 | sed -E 's|^[0-9/]+ [0-9:]+ ||'; }
applied_goose() { sed -nE '/^ *Pending/!s/.* -- ([0-9]+)_.*/\1/p'; }

install_golang-migrate() {
    go_build "$1" github.com/golang-migrate/migrate/v4 "${version[golang-migrate]}" \
        github.com/golang-migrate/migrate/v4/cmd/migrate migrate postgres
}
up_golang-migrate() {
    case $1 in
        part) migrate -path migrations -database "$URL" up 2 ;;
        all) migrate -path migrations -database "$URL" up ;;
    esac
}
status_golang-migrate() { migrate -path migrations -database "$URL" version 2>&1; }
# Its table has only the last version.
applied_golang-migrate() {
    local last file
    read -r last
    for file in migrations/*.up.sql; do
        file=${file##*/} file=${file%%_*}
        [ "$((10#$file))" -gt "$last" ] || echo "$file"
    done
}

install_dbmate() {
    go_build "$1" github.com/amacneil/dbmate/v2 "${version[dbmate]}" github.com/amacneil/dbmate/v2 dbmate
}
up_dbmate() {
    local dir=migrations
    if [ "$1" = part ]; then
        first 2
        dir=part
    fi
    dbmate --url "$URL" --migrations-dir "$dir" --no-dump-schema migrate
}
status_dbmate() { dbmate --url "$URL" --migrations-dir migrations status; }
applied_dbmate() { sed -nE 's/^\[X\] ([0-9]+).*/\1/p'; }

install_sql-migrate() {
    go_build "$1" github.com/rubenv/sql-migrate "${version[sql-migrate]}" \
        github.com/rubenv/sql-migrate/sql-migrate sql-migrate
}
in_sql-migrate() {
    printf 'development:\n  dialect: postgres\n  datasource: %s\n  dir: migrations\n' "$URL" >dbconfig.yml
    sql-migrate "$@"
}
up_sql-migrate() {
    case $1 in
        part) in_sql-migrate up -limit=3 ;;
        all) in_sql-migrate up ;;
    esac
}
status_sql-migrate() { in_sql-migrate status; }
applied_sql-migrate() { sed -nE '/\| no /!s/^\| ([0-9]+|[a-z_]+)[_.][^|]*sql .*/\1/p'; }

install_tern() {
    go_build "$1" github.com/jackc/tern/v2 "${version[tern]}" github.com/jackc/tern/v2 tern
}
up_tern() {
    case $1 in
        part) tern migrate --conn-string "$URL" -m migrations -c migrations/tern.conf -d 2 ;;
        all) tern migrate --conn-string "$URL" -m migrations -c migrations/tern.conf ;;
    esac
}
status_tern() { tern status --conn-string "$URL" -m migrations -c migrations/tern.conf; }
applied_tern() {
    local last file
    last=$(sed -nE 's/^version: +([0-9]+) of.*/\1/p')
    for file in migrations/*.sql; do
        file=${file##*/} file=${file%%_*}
        [ "$((10#$file))" -gt "$last" ] || echo "$file"
    done
}

#
# Crates
#

install_sqlx() { cargo_install "$1" "${version[sqlx]}" sqlx-cli rustls,postgres; }
up_sqlx() {
    case $1 in
        part) sqlx migrate run --source migrations --database-url "$URL" --target-version 20230111080000 ;;
        all) sqlx migrate run --source migrations --database-url "$URL" ;;
    esac
}
status_sqlx() { sqlx migrate info --source migrations --database-url "$URL"; }
applied_sqlx() { sed -nE 's|^([0-9]+)/installed .*|\1|p'; }

install_diesel() {
    package libpq-dev
    cargo_install "$1" "${version[diesel]}" diesel_cli postgres
}
up_diesel() {
    local dir=migrations
    if [ "$1" = part ]; then
        first 2
        dir=part
    fi
    diesel migration run --migration-dir "$dir" --database-url "$URL"
}
status_diesel() { diesel migration list --migration-dir migrations --database-url "$URL"; }
applied_diesel() { sed -nE 's/^ *\[X\] ([-0-9]+)_.*/\1/p' | tr -d -; }

install_refinery() { cargo_install "$1" "${version[refinery]}" refinery_cli postgresql; }
in_refinery() {
    printf '[main]\ndb_type = "Postgres"\ndb_host = "127.0.0.1"\ndb_port = "%s"\ndb_user = "%s"\ndb_pass = "%s"\ndb_name = "%s"\n' \
        "$PGPORT" "$PGUSER" "$PGPASSWORD" "$PGDATABASE" >refinery.toml
    refinery migrate -c refinery.toml -p "$1"
}
up_refinery() {
    local dir=migrations
    if [ "$1" = part ]; then
        mkdir part
        cp migrations/V{1,2}__*.sql part/
        dir=part
    fi
    in_refinery "$dir"
}
status_refinery() {
    in_refinery "$(looked_at)" 2>&1 | sed 's/^.*refinery_core/refinery_core/'
    psql -X -qAtc "SELECT 'version ' || version FROM refinery_schema_history"
}
applied_refinery() { sed -n 's/^version //p'; }

#
# Maven Central
#

# Of the many dependencies of the command line, those for PostgreSQL.
install_flyway() {
    maven_jars "$1" "org.flywaydb:flyway-commandline!:${version[flyway]}" "org.flywaydb:flyway-core:${version[flyway]}" \
        "org.flywaydb:flyway-database-postgresql:${version[flyway]}" \
        tools.jackson.dataformat:jackson-dataformat-toml:3.1.1 "$jdbc"
}
use_flyway() { flyway_jars=$1/jars; }
in_flyway() {
    java -cp "$flyway_jars/*" org.flywaydb.commandline.Main -url="$JDBC" -user="$PGUSER" -password="$PGPASSWORD" \
        -locations=filesystem:migrations -postgresql.transactional.lock=false \
        '-placeholders.first_lighthouse=Old Point' -placeholders.commented_table=lighthouses \
        '-placeholders.region=the Fen' "$@" 2>&1
}
up_flyway() {
    case $1 in
        part) in_flyway -target=1.9 migrate ;;
        all) in_flyway migrate ;;
    esac
}
status_flyway() {
    {
        in_flyway info
        in_flyway -ignoreMigrationPatterns='*:pending' validate
    } | sed -E 's/ \(execution time [^)]*\)//'
}
applied_flyway() {
    sed -nE '/\| Success /{ s/^\| Versioned +\| ([0-9.]+) .*/\1/p; s/^\| Repeatable .*/R/p }'
}

install_liquibase() {
    maven_jars "$1" "org.liquibase:liquibase-core:${version[liquibase]}" info.picocli:picocli:4.7.7 "$jdbc"
}
use_liquibase() { liquibase_jars=$1/jars; }
in_liquibase() {
    local file
    cat >migrations/root.xml <<'XML'
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
XML
    for file in migrations/*.sql; do
        echo "  <include file=\"${file#*/}\"/>"
    done >>migrations/root.xml
    echo '</databaseChangeLog>' >>migrations/root.xml
    java -cp "$liquibase_jars/*" liquibase.integration.commandline.LiquibaseCommandLine --show-banner=false \
        --search-path=migrations --changelog-file=root.xml \
        --url="$JDBC" --username="$PGUSER" --password="$PGPASSWORD" "$@" 2>&1 | sed '/^Starting Liquibase at/d'
}
up_liquibase() {
    case $1 in
        part) in_liquibase update-count --count=3 ;;
        all) in_liquibase update ;;
    esac
}
status_liquibase() {
    in_liquibase history
    in_liquibase status --verbose
    in_liquibase validate
}

# What Liquibase does with everything that its formatted SQL has, in several contexts
# and labels, migrate does as well: which changesets have run, and the schema.  In
# test/interop/changesets, in place of the fixture.
more_liquibase() {
    local choice contexts labels options
    fixture[liquibase]=test/interop/changesets
    for choice in '*|*' 'test|*' 'prod|v1' 'test,prod|!v1' 'dev|v1 and !v2' 'dev|(v2 or v3) and !v1' '!test|v1,v3' 'test or prod|v 4'; do
        contexts=${choice%|*} labels=${choice#*|} options=()
        [ "$contexts" = '*' ] || options+=("--context-filter=$contexts")
        [ "$labels" = '*' ] || options+=("--label-filter=$labels")
        compare_choice "$choice" || true
    done
    unset 'fixture[liquibase]'
}

# The changesets that have run, by Liquibase's table and by migrate, and the schema.
ran_liquibase() {
    sql -c "SELECT author || ':' || id, exectype FROM databasechangelog ORDER BY 1" | grep -v '|FAILED$' | cut -d '|' -f 1
    schema_liquibase
}
ran_migrate() {
    sql -c "SELECT version FROM migrate.status('$work/migrations') WHERE state IN ('applied', 'outdated') ORDER BY 1"
    schema_liquibase
}
schema_liquibase() { dump --schema-only --exclude-schema=migrate -T 'databasechangelog*'; }
up_chosen() {
    PGOPTIONS="-c migrate.contexts=${contexts// /\\ } -c migrate.labels=${labels// /\\ }" up
}
adopt_chosen() {
    PGOPTIONS="-c migrate.contexts=${contexts// /\\ } -c migrate.labels=${labels// /\\ }" adopt
}

# Liquibase alone, twice, the second time with a table that a precondition is about; the
# same with migrate; and both in turn.
compare_choice() {
    local name=chosen-${1//[^a-z0-9]/-}
    fresh
    try "$name" in_liquibase update "${options[@]}" && try "$name.tool" ran_liquibase &&
        sql -c 'CREATE TABLE public.ready ()' &&
        try "$name" in_liquibase update "${options[@]}" && try "$name.tool2" ran_liquibase || return 1
    fresh
    try "$name" up_chosen && try "$name.ours" ran_migrate && same "$name.tool" "$name.ours" "$1: what has run" &&
        sql -c 'CREATE TABLE public.ready ()' &&
        try "$name" up_chosen && try "$name.ours2" ran_migrate &&
        same "$name.tool2" "$name.ours2" "$1: what has run the second time" || true
    try "$name.undone" undo_ours || true
    fresh
    try "$name" in_liquibase update-count --count=12 "${options[@]}" && try "$name.adopted" adopt_chosen &&
        try "$name" up_chosen && try "$name.both" ran_migrate &&
        same "$name.tool" "$name.both" "$1: what has run after adopt()"
}
undo_ours() { sql -c "CALL migrate.down(everything => true, force => true)"; }
applied_liquibase() { sed -nE 's/^\| [0-9]+ +\| [^|]*\| [^|]*\| ([^|]*[^ |]) +\| ([^|]*[^ |]) +\|.*/\1:\2/p'; }

#
# npm
#

install_node-pg-migrate() { npm_install "$1" "node-pg-migrate@${version[node-pg-migrate]}" "pg@$pg"; }
up_node-pg-migrate() {
    case $1 in
        part) DATABASE_URL=$URL node-pg-migrate up 2 -m migrations ;;
        all) DATABASE_URL=$URL node-pg-migrate up -m migrations ;;
    esac
}
# It has no list of applied migrations; it prints what it would do.
status_node-pg-migrate() { DATABASE_URL=$URL node-pg-migrate up --dry-run -m migrations 2>&1; }
applied_node-pg-migrate() {
    local pending file
    pending=$(sed -nE 's/^> - //p')
    for file in migrations/*.sql; do
        file=${file##*/} file=${file%.sql}
        grep -qxF "$file" <<<"$pending" || echo "${file%%_*}"
    done
}

# Its engine is not a package, and comes from a server of prisma; but npm has the
# same engine as WebAssembly, which runs if the driver is from npm, too.  (The
# driver of the same version cannot read the type name.)  The other engine, which
# is then unused, must exist nevertheless.
install_prisma() { npm_install "$1" "prisma@${version[prisma]}" @prisma/adapter-pg@7.10.1; }
use_prisma() {
    PATH=$1/bin:$PATH
    prisma_modules=$1/node_modules
}
in_prisma() {
    local dir=$1
    shift
    printf 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n' >schema.prisma
    ln -sfn "$prisma_modules" node_modules
    cat >prisma.config.mjs <<JS
import { PrismaPg } from '@prisma/adapter-pg'
export default {
  experimental: { adapter: true },
  engine: 'js',
  schema: 'schema.prisma',
  migrations: { path: '$dir' },
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }),
}
JS
    DATABASE_URL=$URL PRISMA_QUERY_ENGINE_LIBRARY=/bin/true PRISMA_SCHEMA_ENGINE_BINARY=/bin/true \
        CHECKPOINT_DISABLE=1 PRISMA_HIDE_UPDATE_MESSAGE=1 prisma "$@" --config prisma.config.mjs 2>&1
}
up_prisma() {
    local dir=migrations
    if [ "$1" = part ]; then
        first 2
        cp migrations/migration_lock.toml part/
        dir=part
    fi
    in_prisma "$dir" migrate deploy
}
status_prisma() { in_prisma migrations migrate status || true; }
applied_prisma() {
    local said file
    said=$(cat)
    for file in migrations/*/; do
        file=${file%/} file=${file##*/}
        grep -qxF "$file" <<<"$said" || echo "${file%%_*}"
    done
}

# To omit a migration, remove its entry in the journal, not only the file.
install_drizzle() { npm_install "$1" "drizzle-kit@${version[drizzle]}" drizzle-orm@0.45.4 "pg@$pg"; }
use_drizzle() {
    PATH=$1/bin:$PATH
    drizzle_modules=$1/node_modules
}
in_drizzle() {
    ln -sfn "$drizzle_modules" node_modules
    printf '{ "dialect": "postgresql", "out": "./%s", "schema": "./none.ts", "dbCredentials": { "url": "%s" } }\n' \
        "$1" "$URL" >drizzle.config.json
    drizzle-kit migrate --config=drizzle.config.json
}
up_drizzle() {
    local dir=migrations
    if [ "$1" = part ]; then
        cp -r migrations part
        node -e 'const fs = require("fs"), name = "part/meta/_journal.json", journal = JSON.parse(fs.readFileSync(name));
            journal.entries.length = 2; fs.writeFileSync(name, JSON.stringify(journal))'
        dir=part
    fi
    in_drizzle "$dir"
}
# Its output begins with an animation.
status_drizzle() {
    in_drizzle "$(looked_at)" 2>&1 | grep -o 'migrations applied successfully'
    psql -X -qAtc "SELECT 'id ' || id FROM drizzle.__drizzle_migrations"
}
# Rows are numbered from 1, tags from 0000.
applied_drizzle() { sed -n 's/^id //p' | while read -r id; do printf '%04d\n' $((id - 1)); done; }

install_graphile-migrate() { npm_install "$1" "graphile-migrate@${version[graphile-migrate]}"; }
# Its folder must have a certain name, and no current migration.
in_graphile-migrate() {
    local dir=$1
    shift
    mkdir -p project
    ln -sfn "../$dir" project/migrations
    printf '{ "connectionString": "%s", "shadowConnectionString": "%s" }\n' "$URL" "$URL-shadow" >project/.gmrc
    (cd project && graphile-migrate "$@" 2>&1)
}
up_graphile-migrate() {
    local dir=migrations
    if [ "$1" = part ]; then
        cp -r migrations part
        rm part/committed/00000[34]*
        dir=part
    fi
    in_graphile-migrate "$dir" migrate
}
status_graphile-migrate() { in_graphile-migrate migrations status || true; }
applied_graphile-migrate() {
    local pending file
    pending=$(sed -nE 's/.* ([0-9]+) committed migrations? .*/\1/p')
    for file in migrations/committed/*.sql; do
        file=${file##*/}
        echo "${file:0:6}"
    done | head -n "-${pending:-0}"
}

# A library; this calls all of it.
install_postgres-migrations() {
    npm_install "$1" "postgres-migrations@${version[postgres-migrations]}" "pg@$pg"
    cat >"$1/migrate.mjs" <<'JS'
import { migrate } from 'postgres-migrations'
import pg from 'pg'
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
for (const done of await migrate({ client }, process.argv[2])) console.log('ran', done.fileName)
await client.end()
JS
}
use_postgres-migrations() { postgres_migrations=$1/migrate.mjs; }
up_postgres-migrations() {
    local dir=migrations
    if [ "$1" = part ]; then
        first 2
        dir=part
    fi
    DATABASE_URL=$URL node "$postgres_migrations" "$dir"
}
status_postgres-migrations() {
    DATABASE_URL=$URL node "$postgres_migrations" "$(looked_at)" 2>&1
    psql -X -qAtc "SELECT 'id ' || id FROM migrations WHERE id > 0"
}
applied_postgres-migrations() { sed -n 's/^id //p'; }

# A library; this calls migrate(), or what checks the files and finds the version.
install_postgrator() {
    npm_install "$1" "postgrator@${version[postgrator]}" "pg@$pg"
    cat >"$1/migrate.mjs" <<'JS'
import Postgrator from 'postgrator'
import pg from 'pg'
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
const postgrator = new Postgrator({ driver: 'pg', migrationPattern: 'migrations/*', schemaTable: 'schemaversion',
    execQuery: query => client.query(query) })
if (process.argv[2] === 'status') {
    const version = await postgrator.getDatabaseVersion()
    for (const valid of await postgrator.validateMigrations(version)) console.log('valid', valid.filename.replace(/.*\//, ''))
} else
    for (const done of await postgrator.migrate(process.argv[2])) console.log('ran', done.filename)
await client.end()
JS
}
use_postgrator() { postgrator=$1/migrate.mjs; }
up_postgrator() {
    case $1 in
        part) DATABASE_URL=$URL node "$postgrator" 2 ;;
        all) DATABASE_URL=$URL node "$postgrator" max ;;
    esac
}
status_postgrator() { DATABASE_URL=$URL node "$postgrator" status 2>&1 | sort; }
applied_postgrator() { sed -nE 's/^valid ([0-9]+)\..*/\1/p'; }

#
# PyPI
#

# It needs the module pkg_resources, which later versions of setuptools lack.
install_yoyo() {
    package python3-pip
    /usr/bin/python3 -m pip install -q --no-input --disable-pip-version-check --root-user-action=ignore --target "$1/lib" \
        "yoyo-migrations==${version[yoyo]}" psycopg2-binary==2.9.10 'setuptools<81'
}
use_yoyo() { yoyo=$1/lib; }
in_yoyo() {
    local command=$1
    shift
    PYTHONWARNINGS=ignore PYTHONPATH=$yoyo /usr/bin/python3 -m yoyo "$command" --batch --no-config-file \
        -d "postgresql://$PGUSER:$PGPASSWORD@127.0.0.1:$PGPORT/$PGDATABASE" "$@" migrations 2>&1
}
up_yoyo() {
    case $1 in
        part) in_yoyo apply -r 20240204_02_Ab1cd-create-bells ;;
        all) in_yoyo apply ;;
    esac
}
status_yoyo() { in_yoyo list; }
applied_yoyo() { sed -nE 's/^A *([0-9]+_[0-9]+_[A-Za-z0-9]+)-.*/\1/p'; }

#
# Debian
#

install_sqitch() { package sqitch libdbd-pg-perl; }
# Its plan must also have the changes that a change conflicts with.  Both run the
# verify scripts.
prepare_sqitch() {
    sed -i 's/ !old_catalogue//' migrations/sqitch.plan
    printf '[deploy]\n\tverify = true\n' >>migrations/sqitch.conf
}
in_sqitch() {
    local command=$1
    shift
    sqitch --chdir migrations "$command" "$@" "db:pg://$PGUSER:$PGPASSWORD@127.0.0.1:$PGPORT/$PGDATABASE" 2>&1
}
up_sqitch() {
    case $1 in
        part) in_sqitch deploy --to @v1.0 ;;
        all) in_sqitch deploy ;;
    esac
}
status_sqitch() {
    in_sqitch log --format 'format:%e %n'
    in_sqitch status || true
}
applied_sqitch() { sed -nE 's/^deploy //p'; }
