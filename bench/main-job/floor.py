#!/usr/bin/env python3
"""The floor: DuckDB alone loads the files of examples/flights and builds the same tables.

Usage: python floor.py --data DATA --out flights.duckdb            tables in one DuckDB file
       python floor.py --data DATA --out FOLDER --parquet          one Parquet file for each table

No checks, no quarantine, no history, no lineage: what is left of the job when only the rows count. Staging is views,
as in the project. The result must not exist yet. Prints the seconds of each step as JSON.
"""

import argparse
import json
import pathlib
import sys
import time

import duckdb

FLIGHTS = """year INT, month INT, day INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT,
    sched_arr_time INT, arr_delay INT, carrier VARCHAR, flight INT, tailnum VARCHAR, origin VARCHAR, dest VARCHAR,
    air_time INT, distance INT, hour INT, minute INT, time_hour TIMESTAMPTZ"""
WEATHER = """origin VARCHAR, year INT, month INT, day INT, hour INT, temp DOUBLE, dewp DOUBLE, humid DOUBLE, wind_dir INT,
    wind_speed DOUBLE, wind_gust DOUBLE, precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMPTZ"""
AIRPORTS = "faa VARCHAR, name VARCHAR, lat DOUBLE, lon DOUBLE, alt INT, tz INT, dst VARCHAR, tzone VARCHAR"
PLANES = """tailnum VARCHAR, year INT, type VARCHAR, manufacturer VARCHAR, model VARCHAR, engines INT, seats INT,
    speed INT, engine VARCHAR"""

# Table, files under the data folder, columns.
SOURCES = [
    ("raw.flights", "flights/*.csv.gz", FLIGHTS),
    ("raw.weather", "weather/*.csv.gz", WEATHER),
    ("raw.airlines", "airlines.csv", "carrier VARCHAR, name VARCHAR"),
    ("raw.airports", "airports.csv", AIRPORTS),
    ("raw.planes", "planes.csv", PLANES),
]
# Table, file under the project's seeds, columns.
SEEDS = [
    ("seeds.holidays", "holidays.csv", "holiday_date DATE, holiday VARCHAR"),
    (
        "seeds.visibility_classes",
        "visibility_classes.csv",
        "visibility_class VARCHAR, flight_rules VARCHAR, from_miles DOUBLE, below_miles DOUBLE",
    ),
]
# View, query.
STAGING = [
    ("staging.airlines", "SELECT carrier, name AS airline FROM raw.airlines"),
    (
        "staging.airports",
        """
        SELECT faa, name AS airport, CASE WHEN inside THEN lat END AS latitude, CASE WHEN inside THEN lon END AS longitude,
            alt AS altitude_feet, CASE WHEN inside THEN tzone END AS time_zone
        FROM (SELECT *, lon BETWEEN -180 AND -65 OR lon BETWEEN 172 AND 180 AS inside FROM raw.airports)
        """,
    ),
    (
        "staging.planes",
        """
        SELECT tailnum, year AS year_built, type AS plane_type,
            CASE WHEN manufacturer = 'AIRBUS INDUSTRIE' THEN 'AIRBUS'
                WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%' THEN 'MCDONNELL DOUGLAS'
                WHEN manufacturer = 'CANADAIR LTD' THEN 'CANADAIR' ELSE manufacturer END AS manufacturer,
            model, engines, seats, engine AS engine_type
        FROM raw.planes
        """,
    ),
    (
        "staging.flights",
        """
        SELECT make_date(year, month, day) AS flight_date, time_hour, carrier, flight, tailnum, origin, dest,
            sched_dep_time, dep_time, sched_arr_time, arr_time, dep_delay, arr_delay, air_time, distance,
            dep_time IS NULL AS is_cancelled, dep_time IS NOT NULL AND arr_delay IS NULL AS is_diverted
        FROM raw.flights
        """,
    ),
    (
        "staging.weather",
        """
        SELECT origin, time_hour, temp AS temperature_f, dewp AS dew_point_f, humid AS humidity_percent,
            wind_speed AS wind_speed_mph, wind_gust AS wind_gust_mph, precip AS precipitation_inches,
            pressure AS pressure_mbar, visib AS visibility_miles
        FROM raw.weather
        """,
    ),
]
# Table, query.
MARTS = [
    ("marts.dim_airline", "SELECT carrier, airline FROM staging.airlines"),
    (
        "marts.dim_airport",
        """
        SELECT faa AS airport_key, faa, airport, latitude, longitude, altitude_feet, time_zone,
            faa IN ('EWR', 'JFK', 'LGA') AS is_new_york, true AS is_known
        FROM staging.airports
        UNION ALL SELECT 'unknown', NULL, 'Unknown airport', NULL, NULL, NULL, NULL, false, false
        """,
    ),
    (
        "marts.dim_plane",
        """
        SELECT tailnum AS plane_key, tailnum, year_built, plane_type, manufacturer, model, engines, seats, engine_type,
            true AS is_known
        FROM staging.planes
        UNION ALL SELECT 'unknown', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false
        """,
    ),
    (
        "marts.dim_date",
        """
        WITH days AS (
            SELECT CAST(unnest(generate_series(min(flight_date), max(flight_date), INTERVAL 1 DAY)) AS DATE) AS day
            FROM staging.flights
        )
        SELECT day AS date_key, CAST(year(day) AS INT) AS year, CAST(quarter(day) AS INT) AS quarter,
            CAST(month(day) AS INT) AS month, strftime(day, '%B') AS month_name, CAST(day(day) AS INT) AS day_of_month,
            CAST(isodow(day) AS INT) AS day_of_week, strftime(day, '%A') AS day_name, isodow(day) >= 6 AS is_weekend,
            holiday, holiday IS NOT NULL AS is_holiday
        FROM days LEFT JOIN seeds.holidays ON holiday_date = day
        """,
    ),
    (
        "marts.fct_flights",
        """
        SELECT f.flight_date, f.time_hour, f.carrier, f.flight, f.tailnum, f.origin, f.dest,
            coalesce(p.plane_key, 'unknown') AS plane_key, coalesce(o.airport_key, 'unknown') AS origin_airport_key,
            coalesce(d.airport_key, 'unknown') AS dest_airport_key, f.sched_dep_time, f.dep_time, f.sched_arr_time,
            f.arr_time, f.dep_delay, f.arr_delay, f.air_time, f.distance, f.is_cancelled, f.is_diverted
        FROM staging.flights f
        LEFT JOIN marts.dim_plane p ON p.plane_key = f.tailnum
        LEFT JOIN marts.dim_airport o ON o.airport_key = f.origin
        LEFT JOIN marts.dim_airport d ON d.airport_key = f.dest
        """,
    ),
    (
        "marts.on_time_by_carrier_month",
        """
        SELECT f.carrier, a.airline, d.year, d.month, count(*) AS flights, count(f.dep_time) AS departed,
            count(f.arr_delay) AS arrived, count(*) FILTER (f.arr_delay <= 15) AS arrived_within_15,
            count(*) FILTER (f.is_cancelled) AS cancelled, count(*) FILTER (f.is_diverted) AS diverted,
            avg(f.dep_delay) AS avg_dep_delay, avg(f.arr_delay) AS avg_arr_delay,
            count(*) FILTER (f.arr_delay <= 15) / count(*) AS on_time_rate
        FROM marts.fct_flights f
        JOIN marts.dim_airline a ON a.carrier = f.carrier
        JOIN marts.dim_date d ON d.date_key = f.flight_date
        GROUP BY f.carrier, a.airline, d.year, d.month
        """,
    ),
    (
        "marts.delay_by_weather",
        """
        WITH hours AS (
            SELECT w.origin, w.time_hour, c.visibility_class, w.precipitation_inches > 0 AS is_wet,
                w.wind_speed_mph >= 20 AS is_windy
            FROM staging.weather w
            JOIN seeds.visibility_classes c ON w.visibility_miles >= c.from_miles
                AND (w.visibility_miles < c.below_miles OR c.below_miles IS NULL)
        )
        SELECT coalesce(h.visibility_class, '0 not observed') AS visibility_class, h.is_wet, h.is_windy,
            count(*) AS flights, count(f.dep_time) AS departed,
            count(*) FILTER (f.dep_delay <= 15) AS departed_within_15, count(*) FILTER (f.is_cancelled) AS cancelled,
            avg(f.dep_delay) AS avg_dep_delay, count(*) FILTER (f.is_cancelled) / count(*) AS cancelled_rate
        FROM marts.fct_flights f LEFT JOIN hours h ON h.origin = f.origin AND h.time_hour = f.time_hour
        GROUP BY ALL
        """,
    ),
    (
        "marts.route_league",
        """
        WITH routes AS (
            SELECT f.origin, f.dest, a.airport AS destination, min(f.distance) AS distance,
                count(DISTINCT f.carrier) AS carriers, count(*) AS flights,
                count(*) FILTER (f.arr_delay <= 15) AS arrived_within_15, count(*) FILTER (f.is_cancelled) AS cancelled,
                avg(f.arr_delay) AS avg_arr_delay
            FROM marts.fct_flights f JOIN marts.dim_airport a ON a.airport_key = f.dest_airport_key
            GROUP BY ALL HAVING count(*) >= 300
        )
        SELECT CAST(row_number() OVER (ORDER BY arrived_within_15 / flights DESC, flights DESC, origin, dest) AS INT)
            AS league_rank, *, arrived_within_15 / flights AS on_time_rate
        FROM routes
        """,
    ),
]


def csv_query(path, columns):
    names = ", ".join(f"'{name}': '{kind}'" for name, kind in (column.split() for column in columns.split(",")))
    return f"SELECT * FROM read_csv('{path}', header = true, nullstr = ['NA', ''], columns = {{{names}}})"


class Floor:
    def __init__(self, out, parquet):
        self.out, self.parquet, self.seconds = out, parquet, {}
        self.db = duckdb.connect(":memory:" if parquet else str(out))
        for schema in ("raw", "seeds", "staging", "marts"):
            self.db.execute(f"CREATE SCHEMA {schema}")

    def table(self, name, query):
        start = time.perf_counter()
        if self.parquet:
            path = self.out / f"{name}.parquet"
            self.db.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
            self.db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
        else:
            self.db.execute(f"CREATE TABLE {name} AS {query}")
        self.seconds[name] = round(time.perf_counter() - start, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    project = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights"
    parser.add_argument("--data", type=pathlib.Path, default=project / "data")
    parser.add_argument("--seeds", type=pathlib.Path, default=project / "seeds")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--parquet", action="store_true")
    arguments = parser.parse_args()
    if arguments.out.exists():
        sys.exit(f"{arguments.out} exists: remove it first")
    if arguments.parquet:
        arguments.out.mkdir(parents=True)
    floor = Floor(arguments.out, arguments.parquet)
    for name, path, columns in SOURCES:
        floor.table(name, csv_query(arguments.data / path, columns))
    for name, path, columns in SEEDS:
        floor.table(name, csv_query(arguments.seeds / path, columns))
    for name, query in STAGING:
        floor.db.execute(f"CREATE VIEW {name} AS {query}")
    for name, query in MARTS:
        floor.table(name, query)
    start = time.perf_counter()
    floor.db.close()
    floor.seconds["close"] = round(time.perf_counter() - start, 3)
    print(json.dumps(floor.seconds))


if __name__ == "__main__":
    main()
