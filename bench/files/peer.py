#!/usr/bin/env python3
"""Makes a Parquet file of a file of CSV or JSON lines, with DuckDB or Polars.

Usage: python peer.py duckdb|polars csv|jsonl IN OUT

Both find the columns' types by themselves, stream, and compress with Snappy, as Headwater does.
"""

import sys


def duckdb(form, source, target):
    import duckdb

    read = {"csv": "read_csv", "jsonl": "read_json"}[form]
    extra = ", format = 'newline_delimited'" if form == "jsonl" else ""
    duckdb.sql(f"copy (from {read}('{source}'{extra})) to '{target}' (format parquet, compression snappy)")


def polars(form, source, target):
    import polars

    scan = {"csv": lambda: polars.scan_csv(source, try_parse_dates=True), "jsonl": lambda: polars.scan_ndjson(source)}[form]
    scan().sink_parquet(target, compression="snappy")


if __name__ == "__main__":
    tool, form, source, target = sys.argv[1:]
    {"duckdb": duckdb, "polars": polars}[tool](form, source, target)
