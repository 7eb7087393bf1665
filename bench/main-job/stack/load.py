#!/usr/bin/env python3
"""The stack's first step: dlt loads the files of examples/flights into the schema `raw` of a DuckDB file.

Usage: python load.py --data DATA --out flights.duckdb --state FOLDER

Flights and weather are appended file by file, by time of modification; the reference files are replaced. pyarrow
parses the CSV, which is dlt's fast way: its Parquet load files go to DuckDB as they are. FOLDER keeps dlt's state.
"""

import argparse
import os
import pathlib

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "WARNING"

import dlt
import pyarrow as pa
import pyarrow.csv as pacsv
from dlt.sources.filesystem import filesystem

INT, TEXT, REAL, INSTANT = pa.int32(), pa.string(), pa.float64(), pa.timestamp("us", "UTC")
FLIGHTS = {
    "year": INT, "month": INT, "day": INT, "dep_time": INT, "sched_dep_time": INT, "dep_delay": INT, "arr_time": INT,
    "sched_arr_time": INT, "arr_delay": INT, "carrier": TEXT, "flight": INT, "tailnum": TEXT, "origin": TEXT,
    "dest": TEXT, "air_time": INT, "distance": INT, "hour": INT, "minute": INT, "time_hour": INSTANT,
}
WEATHER = {
    "origin": TEXT, "year": INT, "month": INT, "day": INT, "hour": INT, "temp": REAL, "dewp": REAL, "humid": REAL,
    "wind_dir": INT, "wind_speed": REAL, "wind_gust": REAL, "precip": REAL, "pressure": REAL, "visib": REAL,
    "time_hour": INSTANT,
}
AIRLINES = {"carrier": TEXT, "name": TEXT}
AIRPORTS = {
    "faa": TEXT, "name": TEXT, "lat": REAL, "lon": REAL, "alt": INT, "tz": INT, "dst": TEXT, "tzone": TEXT,
}
PLANES = {
    "tailnum": TEXT, "year": INT, "type": TEXT, "manufacturer": TEXT, "model": TEXT, "engines": INT, "seats": INT,
    "speed": INT, "engine": TEXT,
}
# Table, files, columns, whether files are added one by one.
STREAMS = [
    ("flights", "flights/*.csv.gz", FLIGHTS, True),
    ("weather", "weather/*.csv.gz", WEATHER, True),
    ("airlines", "airlines.csv", AIRLINES, False),
    ("airports", "airports.csv", AIRPORTS, False),
    ("planes", "planes.csv", PLANES, False),
]


def stream(data, table, pattern, columns, by_file):
    """The dlt resource of one table."""
    files = filesystem(bucket_url=data.resolve().as_uri(), file_glob=pattern).with_name(f"{table}_files")
    if by_file:
        files.apply_hints(incremental=dlt.sources.incremental("modification_date"))
    options = pacsv.ConvertOptions(column_types=columns, null_values=["NA"], strings_can_be_null=True)

    @dlt.transformer(name=table, write_disposition="append" if by_file else "replace")
    def read(items):
        for item in items:
            with item.open(mode="rb", compression="enable" if pattern.endswith(".gz") else "disable") as file:
                yield from pacsv.open_csv(
                    file, convert_options=options, read_options=pacsv.ReadOptions(block_size=8 << 20)
                )

    return files | read


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--state", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    pipeline = dlt.pipeline(
        pipeline_name="flights",
        pipelines_dir=str(arguments.state.resolve()),
        destination=dlt.destinations.duckdb(str(arguments.out.resolve())),
        dataset_name="raw",
    )
    print(pipeline.run([stream(arguments.data, *spec) for spec in STREAMS]))


if __name__ == "__main__":
    main()
