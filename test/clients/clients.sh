# shellcheck shell=bash
# Sourced after test/interop/tools.sh: the programs of examples/clients, and the
# versions of drivers that test/clients/run tests them with.
#
# A client C is a row in the table, and the functions
#
#   install_C DIR        installs its driver into DIR, as root
#   build_C DIR FOLDER   compiles the program into FOLDER, if it must be, or copies
#                        it; in FOLDER, as root
#   command_C DIR FOLDER prints the shell command that runs it
#   label_C              prints the driver and the language with their versions

clients=(python-psycopg python-psycopg2 python-sqlalchemy go-pgx go-database-sql node-pg node-postgres-js
    java-pgjdbc rust-tokio-postgres ruby-pg php-pdo perl-dbi psql ci)

version+=(
    [python-psycopg]=3.3.9
    [python-psycopg2]=2.9.13
    [python-sqlalchemy]=2.1.9
    [go-pgx]=5.13.0
    [go-database-sql]=5.13.0
    [node-pg]=$pg
    [node-postgres-js]=3.4.9
    [java-pgjdbc]=${jdbc##*:}
    [rust-tokio-postgres]=0.7.18
    [ruby-pg]=Debian
    [php-pdo]=Debian
    [perl-dbi]=Debian
    [psql]=Debian
    [ci]=Debian
)

# The program of a client.
program() { echo "$TOP/examples/clients/$1"; }

# The directory that is compiled into those programs that embed one.
copy_migrations() { cp -r "$TOP/test/clients/migrations" migrations; }

#
# Python
#

python_install() {
    local dir=$1
    shift
    package python3-venv
    /usr/bin/python3 -m venv "$dir"
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
python_version() { /usr/bin/python3 -V; }

install_python-psycopg() { python_install "$1" "psycopg[binary]==${version[python-psycopg]}"; }
build_python-psycopg() { cp "$(program python-psycopg.py)" .; }
command_python-psycopg() { echo "$1/bin/python $2/python-psycopg.py"; }
label_python-psycopg() { echo "psycopg ${version[python-psycopg]}, $(python_version)"; }

install_python-psycopg2() { python_install "$1" "psycopg2-binary==${version[python-psycopg2]}"; }
build_python-psycopg2() { cp "$(program python-psycopg2.py)" .; }
command_python-psycopg2() { echo "$1/bin/python $2/python-psycopg2.py"; }
label_python-psycopg2() { echo "psycopg2 ${version[python-psycopg2]}, $(python_version)"; }

install_python-sqlalchemy() {
    python_install "$1" "sqlalchemy==${version[python-sqlalchemy]}" "psycopg[binary]==${version[python-psycopg]}"
}
build_python-sqlalchemy() { cp "$(program python-sqlalchemy.py)" .; }
command_python-sqlalchemy() { echo "$1/bin/python $2/python-sqlalchemy.py"; }
label_python-sqlalchemy() {
    echo "SQLAlchemy ${version[python-sqlalchemy]}, psycopg ${version[python-psycopg]}, $(python_version)"
}

#
# Go
#

# The modules are in the cache of Go itself.
go_install() {
    local dir=$1 program=$2
    need_go
    cp "$(program "$program.go")" "$dir/main.go"
    cd "$dir"
    copy_migrations
    go mod init start
    go mod edit -require="github.com/jackc/pgx/v5@v${version[$program]}"
    go mod tidy
    rm -r main.go migrations
}
go_compile() {
    local dir=$1 folder=$2 program=$3
    need_go
    cp "$dir"/go.{mod,sum} .
    cp "$(program "$program.go")" main.go
    copy_migrations
    go vet .
    go build -o start .
}
go_version() { (need_go && go env GOVERSION | sed 's/^go/Go /'); }

install_go-pgx() { go_install "$1" go-pgx; }
build_go-pgx() { go_compile "$1" "$2" go-pgx; }
command_go-pgx() { echo "$2/start"; }
label_go-pgx() { echo "pgx ${version[go-pgx]}, $(go_version)"; }

install_go-database-sql() { go_install "$1" go-database-sql; }
build_go-database-sql() { go_compile "$1" "$2" go-database-sql; }
command_go-database-sql() { echo "$2/start"; }
label_go-database-sql() { echo "pgx ${version[go-database-sql]}, $(go_version)"; }

#
# Node.js: a module looks for others in a folder beside it.
#

node_copy() {
    ln -s "$1/node_modules" node_modules
    cp "$(program "$3.mjs")" .
}
node_version() { node --version | sed 's/^v/Node.js /'; }

install_node-pg() { npm_install "$1" "pg@${version[node-pg]}"; }
build_node-pg() { node_copy "$1" "$2" node-pg; }
command_node-pg() { echo "node $2/node-pg.mjs"; }
label_node-pg() { echo "pg ${version[node-pg]}, $(node_version)"; }

install_node-postgres-js() { npm_install "$1" "postgres@${version[node-postgres-js]}"; }
build_node-postgres-js() { node_copy "$1" "$2" node-postgres-js; }
command_node-postgres-js() { echo "node $2/node-postgres-js.mjs"; }
label_node-postgres-js() { echo "postgres ${version[node-postgres-js]}, $(node_version)"; }

#
# Java
#

install_java-pgjdbc() {
    [ -n "$(command -v javac)" ] || package default-jdk-headless
    maven_jars "$1" "$jdbc"
}
build_java-pgjdbc() { javac -Xlint:all -Werror -cp "$1/jars/*" -d . "$(program java-pgjdbc.java)"; }
command_java-pgjdbc() { echo "java -cp '$1/jars/*:$2' Start"; }
label_java-pgjdbc() { echo "pgjdbc ${version[java-pgjdbc]}, $(javac -version 2>&1 | sed 's/javac/Java/')"; }

#
# Rust: what is kept is the crates, compiled.
#

install_rust-tokio-postgres() {
    package build-essential
    [ -n "$(command -v cargo)" ] || package cargo-web rustc-web
    cargo init --quiet --vcs none --name start "$1"
    cd "$1"
    cargo add --quiet "tokio-postgres@=${version[rust-tokio-postgres]}" --features with-serde_json-1
    cargo add --quiet include_dir serde_json futures-util
    cargo add --quiet tokio --features rt,macros
    CARGO_TARGET_DIR=$1/target cargo build --quiet
}
build_rust-tokio-postgres() {
    cp -r "$1"/Cargo.{toml,lock} .
    mkdir src
    cp "$(program rust-tokio-postgres.rs)" src/main.rs
    copy_migrations
    CARGO_TARGET_DIR=$1/target cargo build --quiet --locked
    cp "$1/target/debug/start" start
}
command_rust-tokio-postgres() { echo "$2/start"; }
label_rust-tokio-postgres() {
    echo "tokio-postgres ${version[rust-tokio-postgres]}, $(rustc --version | sed -E 's/rustc ([^ ]*).*/Rust \1/')"
}

#
# Debian
#

install_ruby-pg() { package ruby-pg; }
build_ruby-pg() { cp "$(program ruby-pg.rb)" .; }
command_ruby-pg() { echo "/usr/bin/ruby $2/ruby-pg.rb"; }
label_ruby-pg() { /usr/bin/ruby -rpg -e 'puts "pg #{PG::VERSION}, Ruby #{RUBY_VERSION}"'; }

install_php-pdo() { package php-cli php-pgsql; }
build_php-pdo() { cp "$(program php-pdo.php)" .; }
command_php-pdo() { echo "/usr/bin/php $2/php-pdo.php"; }
label_php-pdo() { echo "PHP $(/usr/bin/php -r 'echo PHP_VERSION;')"; }

install_perl-dbi() { package libdbd-pg-perl; }
build_perl-dbi() { cp "$(program perl-dbi.pl)" .; }
command_perl-dbi() { echo "/usr/bin/perl $2/perl-dbi.pl"; }
label_perl-dbi() { /usr/bin/perl -MDBD::Pg -e 'printf "DBD::Pg %s, Perl %vd\n", $DBD::Pg::VERSION, $^V'; }

psql_label() { echo "psql $("${SERVER_BIN[15]}/psql" --version | cut -d ' ' -f 3), $(jq --version | tr - ' ')"; }

install_psql() { package jq; }
build_psql() { cp "$(program psql.sh)" .; }
command_psql() { echo "$2/psql.sh"; }
label_psql() { psql_label; }

install_ci() { package jq; }
build_ci() { cp "$(program ci.sh)" .; }
command_ci() { echo "$2/ci.sh"; }
label_ci() { psql_label; }
