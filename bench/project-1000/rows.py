#!/usr/bin/env python3
"""Prints how many rows each table of a DuckDB file has, as one JSON object; views and seeds are left out.

Usage: python rows.py shop.duckdb
"""

import json
import sys

import duckdb

db = duckdb.connect(sys.argv[1], read_only=True)
tables = db.execute(
    "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name <> 'seeds' ORDER BY 1"
).fetchall()
print(json.dumps({name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in tables}))
