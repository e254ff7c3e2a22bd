#!/bin/sh
# Applies the migrations of a directory when a container starts: psql and jq.
#
# Usage: psql.sh [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.
#
# psql sends each statement outside a transaction; do not use -1 or BEGIN.  It shows
# notices and the context of an error; VERBOSITY adds the SQLSTATE.  \set reads the
# object into a variable: one of that size cannot be an argument of -v.  From
# PostgreSQL 16 on, psql can bind it: CALL migrate.up(files => $1) \bind :files \gset
# instead of :'files', which is a part of the statement.

cd "${1:-migrations}" || exit 1

# All files: their names, relative and with "/", and their texts.  -s reads a file
# as one text, with its line ends.  -L, because links are usual where volumes are mounted.
read_directory() {
    find -L . -type f ! -path '*/.*' -exec jq -Rs --arg name {} '{($name[2:]): .}' {} \; | jq -cs 'add // {}'
}

object=$(mktemp) || exit 1
trap 'rm -f "$object"' EXIT
read_directory >"$object" || exit 1

# psql ends with 3 if a statement fails
psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -v object="$object" <<'END' || exit 1
\set files `cat :'object'`
CALL migrate.up(files => :'files') \gset
\echo applied :applied
END
