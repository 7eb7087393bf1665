#!/usr/bin/env python3
"""Prints the figures of Parquet files as one JSON object, by DuckDB.

Usage: python figures.py figures.sql FOLDER
"""

import json
import pathlib
import sys

import duckdb


def main():
    sql, folder = sys.argv[1:]
    files = [str(file) for file in pathlib.Path(folder).rglob("*.parquet") if "/_dlt" not in str(file)]
    text = pathlib.Path(sql).read_text().replace("{lineitem}", f"read_parquet({files!r})")
    answer = duckdb.sql(text)
    print(json.dumps(dict(zip(answer.columns, answer.fetchall()[0]))))


if __name__ == "__main__":
    main()
