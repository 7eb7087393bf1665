#!/usr/bin/env python3
"""Answers the 22 queries of TPC-H with DuckDB or Polars, and says how long each answer took.

Usage: python peer.py duckdb|polars DATA QUERIES OUT --fraction F --passes N --threads N

DATA has a Parquet file for each table. OUT is a JSON document: the seconds of every query in every pass, the answers of the last
one as texts, and which of their columns are decimal numbers.
"""

import argparse
import json
import os
import sys
import time
from decimal import Decimal
from pathlib import Path

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def duckdb(arguments):
    import duckdb

    db = duckdb.connect(config={"threads": arguments.threads})
    db.execute("create schema tpch")
    for table in TABLES:
        db.execute(f"create view tpch.{table} as select * from read_parquet('{arguments.data}/{table}.parquet')")
    statements = duckdb.extract_statements(arguments.queries.read_text())
    return [lambda statement=statement: db.execute(statement).fetchall() for statement in statements]


def polars(arguments):
    os.environ["POLARS_MAX_THREADS"] = str(arguments.threads)
    import polars
    import queries

    tables = {table: polars.scan_parquet(arguments.data / f"{table}.parquet") for table in TABLES}
    return [lambda query=query: query(tables, arguments.fraction).collect(engine="streaming").rows() for query in queries.ALL]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["duckdb", "polars"])
    parser.add_argument("data", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fraction", type=float, required=True)
    parser.add_argument("--passes", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    asked = {"duckdb": duckdb, "polars": polars}[arguments.engine](arguments)
    passes = []
    for _ in range(arguments.passes):
        passes.append([])
        answers, decimals = [], []
        for number, ask in enumerate(asked, 1):
            began = time.perf_counter()
            try:
                rows = ask()
            except Exception as error:
                sys.exit(f"query {number}: {error}")
            passes[-1].append(time.perf_counter() - began)
            decimals.append([any(isinstance(value, Decimal) for value in column) for column in zip(*rows)])
            answers.append([[None if value is None else str(value) for value in row] for row in rows])
    arguments.out.write_text(json.dumps({"passes": passes, "answers": answers, "decimals": decimals}))


main()
