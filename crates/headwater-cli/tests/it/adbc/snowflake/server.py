"""Runs fakesnow, which speaks Snowflake's protocol and keeps tables in DuckDB, as a server on a port, with its tables in a folder.

It leaves out some things that Snowflake does and its ADBC driver needs to take rows up; they are put in here:
the file format of a stage holds for what is loaded from it, a temporary table that is made anew has loaded no file before,
rows can be loaded into a temporary table, a transaction that was begun goes on when the session stops committing by itself,
a constraint that is broken is an error of the statement, not of the server, and the statements of a session wait for each other.
"""

import dataclasses
import sys
import threading

import duckdb
import fakesnow.copy_into as loading
from fakesnow.cli import main
from fakesnow.cursor import FakeSnowflakeCursor as Cursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

DRIVERS_STAGE = "@ADBC$BIND"

asked_for = loading._params
described = loading._describe_table
executed = Cursor._execute


def parameters(copy, params=None, **more):
    asked = asked_for(copy, params, **more)
    if loading._from_source(copy).startswith(DRIVERS_STAGE):
        return dataclasses.replace(asked, file_format=loading.ReadParquet())
    return asked


def columns(table, connection, database, schema):
    try:
        return described(table, connection, database, schema)
    except duckdb.CatalogException:
        rows = connection.execute(f'describe temp."{table.name}"').fetchall()
        return [(row[0], row[1]) for row in rows]


def execute(cursor, statement, *more):
    if isinstance(statement, exp.Create) and statement.find(exp.TemporaryProperty) and (table := statement.find(exp.Table)):
        cursor._duck_conn.execute("delete from _fs_information_schema._fs_load_history where table_name = ?", [table.name])
    try:
        done = executed(cursor, statement, *more)
    except duckdb.ConstraintException as broken:
        # The number and the state that Snowflake has for it.
        raise ProgrammingError(msg=str(broken), errno=100072, sqlstate="22000") from broken
    if isinstance(statement, exp.Transaction):
        cursor._conn._in_transaction = True
    elif isinstance(statement, (exp.Commit, exp.Rollback)):
        cursor._conn._in_transaction = False
    return done


def one_by_one(call):
    def waiting(cursor, *arguments, **more):
        with vars(cursor._conn).setdefault("_headwater_lock", threading.RLock()):
            return call(cursor, *arguments, **more)

    return waiting


Cursor._execute = execute
for name in ("execute", "_describe_last_sql", "_describe_only"):
    setattr(Cursor, name, one_by_one(getattr(Cursor, name)))
loading._params = parameters
loading._describe_table = columns
port, folder = sys.argv[1:]
sys.exit(main(["-s", "-p", port, "-d", folder]))
