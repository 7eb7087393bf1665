"""Makes the events of the refresh benchmark, and says what must come of them: make.py ROWS FOLDER."""

import json
import sys
from pathlib import Path

import duckdb

SHARES = {"0.01": 0.0001, "0.1": 0.001, "1": 0.01, "10": 0.1}
PRODUCTS = 10_000


def main() -> None:
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    customers = max(rows // 100, 1)
    db = duckdb.connect()
    db.execute("set timezone = 'UTC'")
    for name in ["base", *(f"change-{share}" for share in SHARES)]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    db.execute(
        f"""copy (select i as product_id, 'category ' || (i % 40) as category, 1 + i % 97 as price
            from range({PRODUCTS}) as t(i)) to '{folder}/products.parquet'"""
    )

    def events(first: int, count: int, start: str, days: int, file: Path) -> None:
        # Events of one file come in the order of their time; customers and products are spread over all of it.
        db.execute(
            f"""copy (
                select {first} + i as event_id,
                    timestamp '{start}' + to_microseconds(cast(i * ({days} * 86400000000.0 / {count}) as bigint)) as at,
                    cast(hash({first} + i) % {customers} as integer) as customer_id,
                    cast(hash(({first} + i) * 7 + 1) % {PRODUCTS} as integer) as product_id,
                    cast(1 + ({first} + i) % 5 as integer) as quantity
                from range({count}) as t(i) order by i
            ) to '{file}' (row_group_size 1000000)"""
        )

    events(0, rows, "2024-01-01", 366, folder / "base/events.parquet")
    expected = {"rows": rows, "base": figures(db, [folder / "base/events.parquet"], folder)}
    for share, part in SHARES.items():
        new = folder / f"change-{share}/new.parquet"
        events(rows, max(int(rows * part), 1), "2025-01-01", 1, new)
        expected[share] = figures(db, [folder / "base/events.parquet", new], folder)
        # A version of a tier is closed where the new events lead to another one.
        changed = db.execute(
            f"""with before as ({tiers([folder / "base/events.parquet"], folder)}),
                after as ({tiers([folder / "base/events.parquet", new], folder)})
            select count(*) filter (where before.tier <> after.tier), count(*) filter (where before.tier is null)
            from after left join before using (customer_id)"""
        ).fetchone()
        expected[share]["closed"], expected[share]["new_customers"] = changed
        expected[share]["versions"] = expected["base"]["customers"] + changed[0] + changed[1]
        expected[share]["change"] = max(int(rows * part), 1)
    expected["base"]["versions"] = expected["base"]["customers"]
    (folder / "expected.json").write_text(json.dumps(expected, indent=1))


def sales(files: list[Path], folder: Path) -> str:
    named = ", ".join(f"'{file}'" for file in files)
    return f"""select event_id, customer_id, quantity * price as cents
        from read_parquet([{named}]) join read_parquet('{folder}/products.parquet') using (product_id)"""


def tiers(files: list[Path], folder: Path) -> str:
    return f"""select customer_id, case when sum(cents) < 13000 then 'bronze' when sum(cents) < 15000 then 'silver'
        else 'gold' end as tier from ({sales(files, folder)}) group by customer_id"""


def figures(db: duckdb.DuckDBPyConnection, files: list[Path], folder: Path) -> dict:
    count, cents, last = db.execute(
        f"select count(*), sum(cents)::bigint, max(event_id) from ({sales(files, folder)})"
    ).fetchone()
    found = db.execute(f"select tier, count(*) from ({tiers(files, folder)}) group by tier order by tier").fetchall()
    return {"sales": count, "cents": cents, "last": last, "customers": sum(n for _, n in found), "tiers": dict(found)}


main()
