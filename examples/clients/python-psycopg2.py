"""Applies the migrations of a directory when the application starts: psycopg2.

Usage: python-psycopg2.py [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.

psycopg2 opens a transaction before the first statement, in which CALL migrate.up
cannot run: set autocommit, and do not use "with connection:", which opens one even
so.  psycopg2 does not bind: it puts the files into the statement.
"""

import sys
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2.extras import Json


class Notices:
    """In place of connection.notices, a list that keeps the last 50 only."""

    def append(self, notice):
        print(notice, end="", file=sys.stderr)


def read_directory(top):
    """All files: their names, relative and with "/", and their texts."""
    # bytes, because reading as text would convert line ends
    return {
        path.relative_to(top).as_posix(): path.read_bytes().decode("utf-8")
        for path in top.rglob("*")
        if path.is_file()
    }


def migrate(top):
    with closing(psycopg2.connect("")) as connection:
        connection.autocommit = True
        connection.notices = Notices()
        with connection.cursor() as cursor:
            cursor.execute("CALL migrate.up(files => %s)", [Json(read_directory(top))])
            return cursor.fetchone()[0]


def show_error(error):
    # str(error) has the context, but not the SQLSTATE
    diag = error.diag
    print(f"ERROR:  {diag.sqlstate}: {diag.message_primary or error}", file=sys.stderr)
    for label, text in (("DETAIL", diag.message_detail), ("HINT", diag.message_hint), ("CONTEXT", diag.context)):
        if text:
            print(f"{label}:  {text}", file=sys.stderr)


def main():
    try:
        applied = migrate(Path(sys.argv[1] if len(sys.argv) > 1 else "migrations"))
    except psycopg2.Error as error:
        show_error(error)
        sys.exit(1)
    print(f"applied {applied}")


if __name__ == "__main__":
    main()
