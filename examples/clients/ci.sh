#!/bin/sh
# Applies the migrations of a directory in CI: one line, with psql and jq.
#
# Usage: ci.sh [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.
#
# psql ends with status 3 if a statement fails; psql.sh explains the rest.

cd "${1:-migrations}" || exit 1

printf '%s\n' '\set files `find -L . -type f -exec jq -Rs --arg n {} "{(\$n[2:]): .}" {} \; | jq -cs add`' "CALL migrate.up(files => :'files') \gset" '\echo applied :applied' | psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=verbose || exit 1
