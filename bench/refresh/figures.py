"""Prints what a DuckDB file of a peer has come to: figures.py DATABASE SALES CUSTOMERS TIERS, the tables' names; TIERS has the
columns tier and valid_to, whatever the tool calls that one."""

import json
import sys

import duckdb

database, sales, customers, tiers, valid_to = sys.argv[1:]
db = duckdb.connect(database, read_only=True)
rows, cents = db.execute(f"select count(*), sum(cents)::bigint from {sales}").fetchone()
keys, sums, last = db.execute(f"select count(*), sum(cents)::bigint, max(last_id) from {customers}").fetchone()
found = db.execute(f"select tier, count(*) from {tiers} where {valid_to} is null group by tier order by tier").fetchall()
(versions,) = db.execute(f"select count(*) from {tiers}").fetchone()
assert sums == cents, f"customers have {sums} cents, sales {cents}"
print(json.dumps({"sales": rows, "cents": cents, "last": last, "customers": keys, "tiers": dict(found), "versions": versions}))
