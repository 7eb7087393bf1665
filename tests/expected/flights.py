#!/usr/bin/env python3
"""What the tables of examples/flights must hold, worked out apart from the project: no SQL, no shared code.

Usage: python3 flights.py [data folder] > flights.json

Reads the CSV files with Python's standard library, row by row, and prints one JSON document:

  rows                      rows of every table, quarantined rows included
  sums                      sums and numbers of values of the measures of marts.fct_flights
  unknown                   flights that lead to an unknown member
  quarantined               the rows set aside
  dimensions                figures of the dimensions' own columns
  on_time_by_carrier_month  the whole table, in the order of its key
  delay_by_weather          the whole table, in the order of its key, null first
  route_league              its first 20 rows
  failing                   failing rows of every check that counts rows, by the check's name

The data folder defaults to the example's own. Rates and means are the quotients of two integers as IEEE 754 doubles.
"""

import collections
import csv
import datetime
import gzip
import json
import pathlib
import re
import sys

LEAGUE_MIN_FLIGHTS = 300
ON_TIME_MINUTES = 15
NEW_YORK = ("EWR", "JFK", "LGA")
REGISTRATION = re.compile(r"N[1-9]([0-9]{0,4}|[0-9]{0,3}[A-HJ-NP-Z]|[0-9]{0,2}[A-HJ-NP-Z]{2})")
HOLIDAYS = {(1, 1), (1, 21), (2, 18), (5, 27), (7, 4), (9, 2), (10, 14), (11, 11), (11, 28), (12, 25)}  # of 2013


def read(folder, pattern):
    """The rows of all files that match, as dicts; `NA` becomes None."""
    for path in sorted(folder.glob(pattern)):
        opened = gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="")
        with opened as file:
            for row in csv.DictReader(file):
                yield {key: None if value == "NA" else value for key, value in row.items()}


def whole(text):
    return None if text is None else int(text)


def real(text):
    return None if text is None else float(text)


def ratio(part, total):
    return part / total if total else None


class Failing(dict):
    """Failing rows by table and check. A check that was looked at and found nothing is there with 0."""

    def look(self, table, check, fails):
        of_table = self.setdefault(table, {})
        of_table[check] = of_table.get(check, 0) + int(fails)

    def not_null(self, table, row, *columns):
        self.look(table, f"not_null({', '.join(columns)})", any(row[column] is None for column in columns))

    def unique(self, table, columns, counts):
        """All rows that share their values fail, not all but one."""
        self.look(table, f"unique({', '.join(columns)})", sum(n for n in counts.values() if n > 1))


class Tally:
    """Counts flights and adds up delays."""

    def __init__(self):
        self.flights = self.departed = self.arrived = self.cancelled = self.diverted = 0
        self.departed_on_time = self.arrived_on_time = 0
        self.dep_delay = self.dep_delays = self.arr_delay = 0
        self.carriers = set()
        self.distance = None

    def add(self, flight):
        self.flights += 1
        self.carriers.add(flight["carrier"])
        distance = int(flight["distance"])
        self.distance = distance if self.distance is None else min(self.distance, distance)
        left, dep_delay, arr_delay = flight["dep_time"], flight["dep_delay"], flight["arr_delay"]
        self.departed += left is not None
        self.cancelled += left is None
        self.diverted += left is not None and arr_delay is None
        if dep_delay is not None:
            self.dep_delays += 1
            self.dep_delay += int(dep_delay)
            self.departed_on_time += int(dep_delay) <= ON_TIME_MINUTES
        if arr_delay is not None:
            self.arrived += 1
            self.arr_delay += int(arr_delay)
            self.arrived_on_time += int(arr_delay) <= ON_TIME_MINUTES


def in_the_united_states(lon):
    return -180 <= lon <= -65 or 172 <= lon <= 180


def visibility_class(miles):
    if miles < 1:
        return "1 very low"
    if miles < 3:
        return "2 low"
    return "3 moderate" if miles < 6 else "4 good"


def read_reference(folder, result, failing):
    airlines = list(read(folder, "airlines.csv"))
    for row in airlines:
        failing.not_null("raw.airlines", row, "carrier", "name")
        failing.look("raw.airlines", "length(carrier, exactly 2)", len(row["carrier"]) != 2)
        failing.not_null("marts.dim_airline", {"carrier": row["carrier"], "airline": row["name"]}, "carrier", "airline")
    carriers = collections.Counter(row["carrier"] for row in airlines)
    failing.unique("raw.airlines", ["carrier"], carriers)
    failing.unique("marts.dim_airline", ["carrier"], carriers)

    airports = list(read(folder, "airports.csv"))
    located = 0
    for row in airports:
        failing.not_null("raw.airports", row, "faa", "name", "lat", "lon")
        failing.not_null("raw.airports", row, "tzone")
        failing.look("raw.airports", "length(faa, exactly 3)", len(row["faa"]) != 3)
        failing.look("raw.airports", "accepted_values(dst)", row["dst"] not in ("A", "N", "U"))
        inside = in_the_united_states(float(row["lon"]))
        located += inside
        failing.look("raw.airports", "in_the_united_states", not inside)
        failing.look("marts.dim_airport", "not_null(time_zone)", not inside or row["tzone"] is None)
        failing.look("marts.dim_airport", "not_null(airport_key, airport, is_known)", None in (row["faa"], row["name"]))
    codes = collections.Counter(row["faa"] for row in airports)
    failing.unique("raw.airports", ["faa"], codes)
    failing.unique("marts.dim_airport", ["airport_key"], collections.Counter([*codes.elements(), "unknown"]))
    failing.unique("marts.dim_airport", ["faa"], codes)

    planes = list(read(folder, "planes.csv"))
    makers = collections.Counter()
    for row in planes:
        failing.not_null("raw.planes", row, "tailnum", "type", "manufacturer", "model", "seats")
        failing.not_null("raw.planes", row, "year")
        failing.look("raw.planes", "regex(tailnum)", not re.search("^N[1-9][0-9A-Z]{0,4}$", row["tailnum"]))
        failing.look("marts.dim_plane", "range(seats, at least 11)", int(row["seats"]) < 11)
        failing.look("marts.dim_plane", "not_null(plane_key, is_known)", row["tailnum"] is None)
        maker = row["manufacturer"]
        maker = {"AIRBUS INDUSTRIE": "AIRBUS", "CANADAIR LTD": "CANADAIR"}.get(maker, maker)
        makers["MCDONNELL DOUGLAS" if maker.startswith("MCDONNELL DOUGLAS") else maker] += 1
    tailnums = collections.Counter(row["tailnum"] for row in planes)
    failing.unique("raw.planes", ["tailnum"], tailnums)
    failing.unique("marts.dim_plane", ["plane_key"], collections.Counter([*tailnums.elements(), "unknown"]))
    failing.unique("marts.dim_plane", ["tailnum"], tailnums)

    result["rows"] |= {
        "raw.airlines": len(airlines), "staging.airlines": len(airlines), "marts.dim_airline": len(airlines),
        "raw.airports": len(airports), "staging.airports": len(airports), "marts.dim_airport": len(airports) + 1,
        "raw.planes": len(planes), "staging.planes": len(planes), "marts.dim_plane": len(planes) + 1,
    }
    result["dimensions"] |= {
        "airports_located": located,
        "planes_by_manufacturer_top_5": dict(makers.most_common(5)),
        "manufacturers": len(makers),
    }
    return {row["carrier"]: row["name"] for row in airlines}, {row["faa"]: row["name"] for row in airports}, set(tailnums)


def read_weather(folder, result, failing):
    """The weather by airport and hour: (visibility class, is wet, is windy), without the quarantined rows."""
    hours, kept, aside, keys = {}, 0, [], collections.Counter()
    for row in read(folder, "weather/*.csv.gz"):
        wind = real(row["wind_speed"])
        bad = wind is not None and not 0 <= wind <= 200
        failing.not_null("raw.weather", row, "origin", "time_hour", "visib", "precip")
        failing.not_null("raw.weather", row, "pressure")
        failing.look("raw.weather", "accepted_values(origin)", row["origin"] not in NEW_YORK)
        failing.look("raw.weather", "range(wind_speed, 0 to 200)", bad)
        humid = real(row["humid"])
        failing.look("raw.weather", "range(humid, 0 to 100)", humid is not None and not 0 <= humid <= 100)
        if bad:
            aside.append({"origin": row["origin"], "time_hour": row["time_hour"], "wind_speed": wind})
            continue
        kept += 1
        key = row["origin"], row["time_hour"]
        keys[key] += 1
        failing.not_null("staging.weather", row, "origin", "time_hour")
        windy = None if wind is None else wind >= 20
        hours[key] = visibility_class(float(row["visib"])), float(row["precip"]) > 0, windy
    failing.unique("raw.weather", ["origin", "time_hour"], keys)
    result["rows"] |= {"raw.weather": kept, "staging.weather": kept, "raw.weather__quarantine": len(aside)}
    result["quarantined"] = {"raw.weather": aside}
    return hours


def check_flight(failing, row, tailnums, airports, hours, airlines):
    """Counts the checks of one flight. Returns whether its aircraft, origin and destination are known."""
    raw, fact = "raw.flights", "marts.fct_flights"
    tailnum, air_time, dep_delay = row["tailnum"], whole(row["air_time"]), whole(row["dep_delay"])
    distance = int(row["distance"])
    failing.not_null(
        raw, row, "year", "month", "day", "sched_dep_time", "carrier", "flight", "origin", "dest", "distance", "time_hour"
    )
    failing.look(raw, "accepted_values(origin)", row["origin"] not in NEW_YORK)
    failing.look(raw, "range(dep_delay, -120 to 2880)", dep_delay is not None and not -120 <= dep_delay <= 2880)
    failing.look(raw, "range(distance, 1 to 6000)", not 1 <= distance <= 6000)
    failing.look(raw, "only_departed_flights_arrive", row["dep_time"] is None and row["arr_time"] is not None)
    failing.not_null(raw, row, "tailnum")
    failing.look(raw, "regex(tailnum)", tailnum is not None and not REGISTRATION.fullmatch(tailnum))
    failing.look(raw, "relationships(tailnum, raw.planes.tailnum)", tailnum is not None and tailnum not in tailnums)
    failing.look(raw, "slower_than_700_mph", air_time is not None and distance / (air_time / 60) > 700)

    plane, origin, dest = tailnum in tailnums, row["origin"] in airports, row["dest"] in airports
    columns = "time_hour, carrier, flight, flight_date, plane_key, origin_airport_key, dest_airport_key"
    needed = ("year", "month", "day", "time_hour", "carrier", "flight")
    failing.look(fact, f"not_null({columns})", any(row[column] is None for column in needed))
    failing.not_null(fact, row, "distance")
    failing.look(fact, "relationships(carrier, marts.dim_airline.carrier)", row["carrier"] not in airlines)
    failing.look(fact, "origin_is_known", not origin)
    failing.look(fact, "plane_is_known", not plane)
    failing.look(fact, "dest_is_known", not dest)
    unseen = (row["origin"], row["time_hour"]) not in hours
    failing.look(
        fact, "relationships(origin, time_hour, staging.weather.origin, staging.weather.time_hour)", unseen
    )
    return plane, origin, dest


def read_flights(folder, result, failing, airlines, airports, tailnums, hours):
    measures = ("distance", "air_time", "dep_delay", "arr_delay")
    sums, values = collections.Counter(), collections.Counter()
    unknown, unknown_dest = collections.Counter(), collections.Counter()
    by_month, by_weather, by_route = {}, {}, {}
    days, keys, count = set(), collections.Counter(), 0
    for row in read(folder, "flights/*.csv.gz"):
        count += 1
        plane, origin, dest = check_flight(failing, row, tailnums, airports, hours, airlines)
        unknown["plane_named"] += not plane and row["tailnum"] is not None
        unknown["plane_not_named"] += row["tailnum"] is None
        unknown["origin_airport"] += not origin
        unknown["dest_airport"] += not dest
        unknown["weather"] += (row["origin"], row["time_hour"]) not in hours
        if not dest:
            unknown_dest[row["dest"]] += 1
        for measure in measures:
            if row[measure] is not None:
                sums[measure] += int(row[measure])
                values[measure] += 1
        keys[row["time_hour"], row["carrier"], row["flight"]] += 1
        days.add((int(row["year"]), int(row["month"]), int(row["day"])))
        weather = hours.get((row["origin"], row["time_hour"]), ("0 not observed", None, None))
        by_month.setdefault((row["carrier"], int(row["year"]), int(row["month"])), Tally()).add(row)
        by_weather.setdefault(weather, Tally()).add(row)
        by_route.setdefault((row["origin"], row["dest"]), Tally()).add(row)

    for table in ("raw.flights", "marts.fct_flights"):
        failing.unique(table, ["time_hour", "carrier", "flight"], keys)
    calendar = read_calendar(result, days)
    failing.look("marts.fct_flights", "relationships(flight_date, marts.dim_date.date_key)", len(days - calendar))
    result["rows"] |= {"raw.flights": count, "staging.flights": count, "marts.fct_flights": count}
    result["sums"] = {"marts.fct_flights": dict(sums), "values": dict(values)}
    result["unknown"] = {
        **unknown,
        "plane": unknown["plane_named"] + unknown["plane_not_named"],
        "dest_airports": dict(sorted(unknown_dest.items())),
    }
    result["on_time_by_carrier_month"] = [on_time_row(key, t, airlines) for key, t in sorted(by_month.items())]
    in_order = sorted(by_weather.items(), key=lambda item: [(v is not None, v) for v in item[0]])
    result["delay_by_weather"] = [weather_row(key, tally) for key, tally in in_order]
    league = league_rows(by_route, airports)
    result["route_league"] = league[:20]
    result["rows"] |= {
        "marts.on_time_by_carrier_month": len(by_month),
        "marts.delay_by_weather": len(by_weather),
        "marts.route_league": len(league),
        "marts.dim_date": len(calendar),
        "seeds.holidays": len(HOLIDAYS),
        "seeds.visibility_classes": 4,
    }


def read_calendar(result, days):
    """All days from the first flight to the last, as (year, month, day)."""
    first, last = (datetime.date(*day) for day in (min(days), max(days)))
    dates = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
    holidays = [d for d in dates if d.year == 2013 and (d.month, d.day) in HOLIDAYS]
    result["dimensions"] |= {
        "first_day": str(first), "last_day": str(last),
        "weekend_days": sum(d.isoweekday() >= 6 for d in dates), "holidays": len(holidays),
    }
    return {(d.year, d.month, d.day) for d in dates}


def on_time_row(key, tally, airlines):
    carrier, year, month = key
    return {
        "carrier": carrier, "airline": airlines[carrier], "year": year, "month": month,
        "flights": tally.flights, "departed": tally.departed, "arrived": tally.arrived,
        "arrived_within_15": tally.arrived_on_time, "cancelled": tally.cancelled, "diverted": tally.diverted,
        "avg_dep_delay": ratio(tally.dep_delay, tally.dep_delays), "avg_arr_delay": ratio(tally.arr_delay, tally.arrived),
        "on_time_rate": tally.arrived_on_time / tally.flights,
    }


def weather_row(key, tally):
    visibility, wet, windy = key
    return {
        "visibility_class": visibility, "is_wet": wet, "is_windy": windy,
        "flights": tally.flights, "departed": tally.departed, "departed_within_15": tally.departed_on_time,
        "cancelled": tally.cancelled, "avg_dep_delay": ratio(tally.dep_delay, tally.dep_delays),
        "cancelled_rate": tally.cancelled / tally.flights,
    }


def league_rows(by_route, airports):
    routes = [(key, tally) for key, tally in by_route.items() if tally.flights >= LEAGUE_MIN_FLIGHTS]
    routes.sort(key=lambda item: (-item[1].arrived_on_time / item[1].flights, -item[1].flights, item[0]))
    return [
        {
            "league_rank": rank, "origin": origin, "dest": dest, "destination": airports.get(dest, "Unknown airport"),
            "distance": tally.distance, "carriers": len(tally.carriers), "flights": tally.flights,
            "arrived_within_15": tally.arrived_on_time, "cancelled": tally.cancelled,
            "avg_arr_delay": ratio(tally.arr_delay, tally.arrived),
            "on_time_rate": tally.arrived_on_time / tally.flights,
        }
        for rank, ((origin, dest), tally) in enumerate(routes, 1)
    ]


def render(value, indent=""):
    """JSON with one line for each innermost object, so that a change shows as a line."""
    inner = indent + " "
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + render(item, inner) for item in value) + f"\n{indent}]"
    if isinstance(value, dict) and any(isinstance(item, (dict, list)) for item in value.values()) or indent == " ":
        lines = (f"{inner}{json.dumps(key)}: {render(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return json.dumps(value, ensure_ascii=False)


def main():
    example = pathlib.Path(__file__).resolve().parents[2] / "examples" / "flights" / "data"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else example
    result, failing = {"rows": {}, "dimensions": {}}, Failing()
    airlines, airports, tailnums = read_reference(folder, result, failing)
    hours = read_weather(folder, result, failing)
    read_flights(folder, result, failing, airlines, airports, tailnums, hours)
    result["rows"] = dict(sorted(result["rows"].items()))
    result["failing"] = {table: failing[table] for table in sorted(failing)}
    print(render(result))


if __name__ == "__main__":
    main()
