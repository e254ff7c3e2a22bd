"""Applies the migrations of a directory when the application starts: psycopg 3.

Usage: python-psycopg.py [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.

psycopg opens a transaction before the first statement, in which CALL migrate.up
cannot run: connect with autocommit=True.
"""

import sys
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb


def read_directory(top):
    """All files: their names, relative and with "/", and their texts."""
    # bytes, because reading as text would convert line ends
    return {
        path.relative_to(top).as_posix(): path.read_bytes().decode("utf-8")
        for path in top.rglob("*")
        if path.is_file()
    }


def show_notice(notice):
    print(f"{notice.severity}:  {notice.message_primary}", file=sys.stderr)


def migrate(top):
    with psycopg.connect(autocommit=True) as connection:
        connection.add_notice_handler(show_notice)
        return connection.execute("CALL migrate.up(files => %s)", [Jsonb(read_directory(top))]).fetchone()[0]


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
    except psycopg.Error as error:
        show_error(error)
        sys.exit(1)
    print(f"applied {applied}")


if __name__ == "__main__":
    main()
