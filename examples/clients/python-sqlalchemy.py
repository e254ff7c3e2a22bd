"""Applies the migrations of a directory when the application starts: SQLAlchemy 2.

Usage: python-sqlalchemy.py [DIRECTORY]; the connection is in PGHOST, PGDATABASE and so on.

SQLAlchemy opens a transaction before the first statement, in which CALL migrate.up
cannot run: give the engine, or execution_options of one connection,
isolation_level="AUTOCOMMIT".  With hide_parameters, an error does not print the files.
"""

import sys
from pathlib import Path

from sqlalchemy import bindparam, create_engine, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError


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
    engine = create_engine("postgresql+psycopg://", isolation_level="AUTOCOMMIT", hide_parameters=True)

    # notices are the driver's, here psycopg's
    @event.listens_for(engine, "connect")
    def connected(connection, record):
        connection.add_notice_handler(show_notice)

    call = text("CALL migrate.up(files => :files)").bindparams(bindparam("files", type_=JSONB))
    with engine.connect() as connection:
        return connection.execute(call, {"files": read_directory(top)}).scalar_one()


def show_error(error):
    # str(error) has the context, but not the SQLSTATE
    diag = error.diag
    print(f"ERROR:  {diag.sqlstate}: {diag.message_primary or error}", file=sys.stderr)
    for label, value in (("DETAIL", diag.message_detail), ("HINT", diag.message_hint), ("CONTEXT", diag.context)):
        if value:
            print(f"{label}:  {value}", file=sys.stderr)


def main():
    try:
        applied = migrate(Path(sys.argv[1] if len(sys.argv) > 1 else "migrations"))
    except DBAPIError as error:
        show_error(error.orig)
        sys.exit(1)
    print(f"applied {applied}")


if __name__ == "__main__":
    main()
