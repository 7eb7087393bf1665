#!/usr/bin/env python3
"""Makes the data of examples/flights N times as large.

Usage: python3 scale.py N FOLDER [--data DATA]

Copy k (from 0) holds the same flights and weather k years later, so that all keys stay unique; airlines, airports and
planes stay as they are. The layout is that of the original: one gzip file (level 1) for each month. Copy 0 is equal to
the original in content. FOLDER must not exist yet, or hold an earlier result for the same N, which is then kept.
"""

import argparse
import gzip
import multiprocessing
import pathlib
import re
import shutil
import sys

# What holds a year: the fields `year` and `time_hour` (the last field). Weather rows begin with the airport.
FIELDS = {
    "flights": re.compile(rb"^(?P<before>)(?P<year>\d{4}),(?P<middle>.*),(?P<hour_year>\d{4})(?=-[^,]*$)", re.M),
    "weather": re.compile(rb"^(?P<before>[A-Z]{3},)(?P<year>\d{4}),(?P<middle>.*),(?P<hour_year>\d{4})(?=-[^,]*$)", re.M),
}


def shift(body, kind, years):
    """The rows, `years` years later."""

    def later(match):
        year, hour_year = int(match["year"]) + years, int(match["hour_year"]) + years
        return b"%s%d,%s,%d" % (match["before"], year, match["middle"], hour_year)

    shifted, replaced = FIELDS[kind].subn(later, body)
    rows = body.count(b"\n")
    if replaced != rows:
        raise ValueError(f"{rows} rows, but {replaced} with a year")
    return shifted


def copy_file(task):
    """Writes every copy of one monthly file."""
    source, folder, kind, copies = task
    header, body = gzip.decompress(source.read_bytes()).split(b"\n", 1)
    year, month = source.name.removesuffix(".csv.gz").split("-")
    for years in range(copies):
        content = header + b"\n" + (shift(body, kind, years) if years else body)
        target = folder / kind / f"{int(year) + years}-{month}.csv.gz"
        target.write_bytes(gzip.compress(content, compresslevel=1, mtime=0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("copies", type=int, metavar="N")
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    example = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights" / "data"
    parser.add_argument("--data", type=pathlib.Path, default=example)
    arguments = parser.parse_args()
    if arguments.copies < 1:
        parser.error("N must be at least 1")
    done = arguments.folder / ".scale"
    if done.exists() and done.read_text() == str(arguments.copies):
        return
    if arguments.folder.exists():
        sys.exit(f"{arguments.folder} exists and is no finished data set of {arguments.copies} copies: remove it first")
    tasks = []
    for kind in FIELDS:
        (arguments.folder / kind).mkdir(parents=True)
        tasks += [(path, arguments.folder, kind, arguments.copies) for path in sorted((arguments.data / kind).glob("*.csv.gz"))]
    if not tasks:
        sys.exit(f"no data in {arguments.data}")
    for name in ("airlines.csv", "airports.csv", "planes.csv"):
        shutil.copyfile(arguments.data / name, arguments.folder / name)
    with multiprocessing.Pool(2) as pool:
        for _ in pool.imap_unordered(copy_file, tasks):
            pass
    done.write_text(str(arguments.copies))


if __name__ == "__main__":
    main()
