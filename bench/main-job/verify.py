#!/usr/bin/env python3
"""Compares what a peer has built with tests/expected/flights.json.

Usage: python verify.py RESULT [--expected FILE] [--soda REPORT]

RESULT is a DuckDB file or the folder of Parquet files that floor.py writes. REPORT is what stack/soda/check.py writes.
Prints each difference and ends with 1 if there is one.

No peer keeps bad rows out of raw.weather: there, and in the floor's staging.weather, the quarantined row is counted as
well. The stack sets it aside on the way to staging.
"""

import argparse
import json
import pathlib
import sys

import duckdb


class Comparison:
    def __init__(self, db):
        self.db, self.compared, self.differences = db, 0, []

    def equal(self, what, expected, actual):
        self.compared += 1
        if isinstance(expected, float) and isinstance(actual, (float, int)):
            same = abs(expected - actual) <= 1e-12 * max(1.0, abs(expected))
        else:
            same = expected == actual
        if not same:
            self.differences.append(f"{what}: expected {expected}, found {actual}")

    def one(self, query):
        return self.db.execute(query).fetchone()[0]

    def rows(self, what, query, expected):
        cursor = self.db.execute(query)
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row)) for row in cursor.fetchall()]
        self.equal(f"{what}: rows", len(expected), len(found))
        for index, (want, got) in enumerate(zip(expected, found)):
            for key, value in want.items():
                self.equal(f"{what}[{index}].{key}", value, got.get(key))


def open_result(path):
    if not path.is_dir():
        return duckdb.connect(str(path), read_only=True)
    db = duckdb.connect()
    for schema in ("raw", "seeds", "staging", "marts"):
        db.execute(f"CREATE SCHEMA {schema}")
    for file in path.glob("*.parquet"):
        db.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM read_parquet('{file}')")
    return db


def compare_tables(expected, comparison):
    tables = {
        f"{schema}.{table}"
        for schema, table in comparison.db.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
    }
    aside = len(expected["quarantined"]["raw.weather"])
    sets_aside = "staging.weather__quarantine" in tables
    for table, rows in expected["rows"].items():
        if table == "raw.weather__quarantine":
            if not sets_aside:
                continue
            table = "staging.weather__quarantine"
        elif table.startswith("staging.") and table not in tables:
            continue  # The folder of Parquet files has no views.
        elif table == "raw.weather" or table == "staging.weather" and not sets_aside:
            rows += aside
        comparison.equal(f"rows of {table}", rows, comparison.one(f"SELECT count(*) FROM {table}"))


def compare_marts(expected, comparison):
    for measure, total in expected["sums"]["marts.fct_flights"].items():
        comparison.equal(f"sum of {measure}", total, comparison.one(f"SELECT sum({measure})::BIGINT FROM marts.fct_flights"))
        values = comparison.one(f"SELECT count({measure}) FROM marts.fct_flights")
        comparison.equal(f"values of {measure}", expected["sums"]["values"][measure], values)
    unknown = expected["unknown"]
    for key, count in [("plane", unknown["plane"]), ("dest_airport", unknown["dest_airport"]), ("origin_airport", 0)]:
        found = comparison.one(f"SELECT count(*) FROM marts.fct_flights WHERE {key}_key = 'unknown'")
        comparison.equal(f"flights with unknown {key}", count, found)
    dimensions = expected["dimensions"]
    days = comparison.one("SELECT count(*) FILTER (is_weekend) FROM marts.dim_date")
    comparison.equal("weekend days", dimensions["weekend_days"], days)
    holidays = comparison.one("SELECT count(*) FILTER (is_holiday) FROM marts.dim_date")
    comparison.equal("holidays", dimensions["holidays"], holidays)
    for maker, planes in dimensions["planes_by_manufacturer_top_5"].items():
        found = comparison.one(f"SELECT count(*) FROM marts.dim_plane WHERE manufacturer = '{maker}'")
        comparison.equal(f"planes of {maker}", planes, found)
    comparison.rows(
        "on_time_by_carrier_month",
        "SELECT * FROM marts.on_time_by_carrier_month ORDER BY carrier, year, month",
        expected["on_time_by_carrier_month"],
    )
    order = "visibility_class, is_wet NULLS FIRST, is_windy NULLS FIRST"
    comparison.rows(
        "delay_by_weather", f"SELECT * FROM marts.delay_by_weather ORDER BY {order}", expected["delay_by_weather"]
    )
    comparison.rows(
        "route_league", "SELECT * FROM marts.route_league ORDER BY league_rank LIMIT 20", expected["route_league"]
    )


def compare_checks(expected, report, comparison):
    """Soda splits a not_null of several columns into one check a column: their failures are added up."""
    for table, checks in expected["failing"].items():
        for name, failing in checks.items():
            found = [check for check in report.get(table, []) if check["name"] == name]
            total = sum(check["values"][f"{check['type']}_count"] for check in found)
            comparison.equal(f"failing {name} of {table}", failing, int(total) if found else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path)
    tests = pathlib.Path(__file__).resolve().parents[2] / "tests"
    parser.add_argument("--expected", type=pathlib.Path, default=tests / "expected" / "flights.json")
    parser.add_argument("--soda", type=pathlib.Path)
    arguments = parser.parse_args()
    expected = json.loads(arguments.expected.read_text())
    comparison = Comparison(open_result(arguments.result))
    compare_tables(expected, comparison)
    compare_marts(expected, comparison)
    if arguments.soda:
        compare_checks(expected, json.loads(arguments.soda.read_text()), comparison)
    print("\n".join(comparison.differences) or f"{comparison.compared} figures are equal")
    sys.exit(bool(comparison.differences))


if __name__ == "__main__":
    main()
