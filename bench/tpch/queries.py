"""The 22 queries of TPC-H for Polars: each takes the tables as lazy frames, and the fraction of query 11, and gives a lazy
frame with the columns and the order of `queries.sql`."""

from datetime import date

import polars as pl
from polars import col
from polars import len as count


def real(name):
    """A product of two decimal columns would be cut to their digits."""
    return col(name).cast(pl.Float64)


VOLUME = real("l_extendedprice") * (1 - real("l_discount"))


def q01(t, _):
    price = col("l_extendedprice")
    return (
        t["lineitem"]
        .filter(col("l_shipdate") <= date(1998, 9, 2))
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            col("l_quantity").sum().alias("sum_qty"),
            price.sum().alias("sum_base_price"),
            VOLUME.sum().alias("sum_disc_price"),
            (VOLUME * (1 + real("l_tax"))).sum().alias("sum_charge"),
            col("l_quantity").mean().alias("avg_qty"),
            price.mean().alias("avg_price"),
            col("l_discount").mean().alias("avg_disc"),
            count().alias("count_order"),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q02(t, _):
    offers = (
        t["part"]
        .filter((col("p_size") == 15) & col("p_type").str.ends_with("BRASS"))
        .join(t["partsupp"], left_on="p_partkey", right_on="ps_partkey")
        .join(t["supplier"], left_on="ps_suppkey", right_on="s_suppkey")
        .join(t["nation"], left_on="s_nationkey", right_on="n_nationkey")
        .join(t["region"].filter(col("r_name") == "EUROPE"), left_on="n_regionkey", right_on="r_regionkey")
    )
    least = offers.group_by("p_partkey").agg(col("ps_supplycost").min())
    return (
        offers.join(least, on=["p_partkey", "ps_supplycost"])
        .select("s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment")
        .sort("s_acctbal", "n_name", "s_name", "p_partkey", descending=[True, False, False, False])
        .head(100)
    )


def q03(t, _):
    return (
        t["customer"]
        .filter(col("c_mktsegment") == "BUILDING")
        .join(t["orders"].filter(col("o_orderdate") < date(1995, 3, 15)), left_on="c_custkey", right_on="o_custkey")
        .join(t["lineitem"].filter(col("l_shipdate") > date(1995, 3, 15)), left_on="o_orderkey", right_on="l_orderkey")
        .group_by(col("o_orderkey").alias("l_orderkey"), "o_orderdate", "o_shippriority")
        .agg(VOLUME.sum().alias("revenue"))
        .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
        .sort("revenue", "o_orderdate", descending=[True, False])
        .head(10)
    )


def q04(t, _):
    late = t["lineitem"].filter(col("l_commitdate") < col("l_receiptdate"))
    return (
        t["orders"]
        .filter(col("o_orderdate").is_between(date(1993, 7, 1), date(1993, 10, 1), closed="left"))
        .join(late, left_on="o_orderkey", right_on="l_orderkey", how="semi")
        .group_by("o_orderpriority")
        .agg(count().alias("order_count"))
        .sort("o_orderpriority")
    )


def q05(t, _):
    orders = t["orders"].filter(col("o_orderdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"))
    return (
        t["region"]
        .filter(col("r_name") == "ASIA")
        .join(t["nation"], left_on="r_regionkey", right_on="n_regionkey")
        .join(t["customer"], left_on="n_nationkey", right_on="c_nationkey")
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(t["lineitem"], left_on="o_orderkey", right_on="l_orderkey")
        .join(t["supplier"], left_on=["l_suppkey", "n_nationkey"], right_on=["s_suppkey", "s_nationkey"])
        .group_by("n_name")
        .agg(VOLUME.sum().alias("revenue"))
        .sort("revenue", descending=True)
    )


def q06(t, _):
    cents = pl.lit("0.05").cast(pl.Decimal(15, 2)), pl.lit("0.07").cast(pl.Decimal(15, 2))
    return (
        t["lineitem"]
        .filter(
            col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left")
            & col("l_discount").is_between(*cents)
            & (col("l_quantity") < 24)
        )
        .select((real("l_extendedprice") * real("l_discount")).sum().alias("revenue"))
    )


def q07(t, _):
    pair = ["FRANCE", "GERMANY"]
    nations = t["nation"].filter(col("n_name").is_in(pair))
    suppliers = t["supplier"].join(nations, left_on="s_nationkey", right_on="n_nationkey")
    customers = t["customer"].join(nations, left_on="c_nationkey", right_on="n_nationkey")
    return (
        t["lineitem"]
        .filter(col("l_shipdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
        .join(suppliers.select("s_suppkey", supp_nation="n_name"), left_on="l_suppkey", right_on="s_suppkey")
        .join(t["orders"], left_on="l_orderkey", right_on="o_orderkey")
        .join(customers.select("c_custkey", cust_nation="n_name"), left_on="o_custkey", right_on="c_custkey")
        .filter(col("supp_nation") != col("cust_nation"))
        .group_by("supp_nation", "cust_nation", col("l_shipdate").dt.year().alias("l_year"))
        .agg(VOLUME.sum().alias("revenue"))
        .sort("supp_nation", "cust_nation", "l_year")
    )


def q08(t, _):
    american = t["nation"].join(
        t["region"].filter(col("r_name") == "AMERICA"), left_on="n_regionkey", right_on="r_regionkey", how="semi"
    )
    customers = t["customer"].join(american, left_on="c_nationkey", right_on="n_nationkey", how="semi")
    sellers = t["supplier"].join(t["nation"], left_on="s_nationkey", right_on="n_nationkey")
    orders = t["orders"].filter(col("o_orderdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
    brazilian = pl.when(col("n_name") == "BRAZIL").then(VOLUME).otherwise(None)
    return (
        t["part"]
        .filter(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(t["lineitem"], left_on="p_partkey", right_on="l_partkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(customers, left_on="o_custkey", right_on="c_custkey", how="semi")
        .join(sellers.select("s_suppkey", "n_name"), left_on="l_suppkey", right_on="s_suppkey")
        .group_by(col("o_orderdate").dt.year().alias("o_year"))
        .agg((brazilian.sum() / VOLUME.sum()).alias("mkt_share"))
        .sort("o_year")
    )


def q09(t, _):
    sellers = t["supplier"].join(t["nation"], left_on="s_nationkey", right_on="n_nationkey")
    return (
        t["part"]
        .filter(col("p_name").str.contains("green", literal=True))
        .join(t["lineitem"], left_on="p_partkey", right_on="l_partkey")
        .join(t["partsupp"], left_on=["p_partkey", "l_suppkey"], right_on=["ps_partkey", "ps_suppkey"])
        .join(sellers.select("s_suppkey", nation="n_name"), left_on="l_suppkey", right_on="s_suppkey")
        .join(t["orders"], left_on="l_orderkey", right_on="o_orderkey")
        .group_by("nation", col("o_orderdate").dt.year().alias("o_year"))
        .agg((VOLUME - real("ps_supplycost") * real("l_quantity")).sum().alias("sum_profit"))
        .sort("nation", "o_year", descending=[False, True])
    )


def q10(t, _):
    orders = t["orders"].filter(col("o_orderdate").is_between(date(1993, 10, 1), date(1994, 1, 1), closed="left"))
    return (
        t["customer"]
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(t["lineitem"].filter(col("l_returnflag") == "R"), left_on="o_orderkey", right_on="l_orderkey")
        .join(t["nation"], left_on="c_nationkey", right_on="n_nationkey")
        .group_by("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
        .agg(VOLUME.sum().alias("revenue"))
        .select("c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment")
        .sort("revenue", descending=True)
        .head(20)
    )


def q11(t, fraction):
    stock = (
        t["partsupp"]
        .join(t["supplier"], left_on="ps_suppkey", right_on="s_suppkey")
        .join(t["nation"].filter(col("n_name") == "GERMANY"), left_on="s_nationkey", right_on="n_nationkey", how="semi")
    )
    value = (col("ps_supplycost") * col("ps_availqty")).sum()
    least = stock.select((value.cast(pl.Float64) * fraction).alias("least"))
    return (
        stock.group_by("ps_partkey")
        .agg(value.alias("value"))
        .join(least, how="cross")
        .filter(real("value") > col("least"))
        .select("ps_partkey", "value")
        .sort("value", descending=True)
    )


def q12(t, _):
    urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    return (
        t["lineitem"]
        .filter(
            col("l_shipmode").is_in(["MAIL", "SHIP"])
            & (col("l_commitdate") < col("l_receiptdate"))
            & (col("l_shipdate") < col("l_commitdate"))
            & col("l_receiptdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left")
        )
        .join(t["orders"], left_on="l_orderkey", right_on="o_orderkey")
        .group_by("l_shipmode")
        .agg(urgent.sum().alias("high_line_count"), (~urgent).sum().alias("low_line_count"))
        .sort("l_shipmode")
    )


def q13(t, _):
    orders = t["orders"].filter(~col("o_comment").str.contains("special.*requests"))
    return (
        t["customer"]
        .join(orders, left_on="c_custkey", right_on="o_custkey", how="left")
        .group_by("c_custkey")
        .agg(col("o_orderkey").count().alias("c_count"))
        .group_by("c_count")
        .agg(count().alias("custdist"))
        .sort("custdist", "c_count", descending=[True, True])
    )


def q14(t, _):
    promoted = pl.when(col("p_type").str.starts_with("PROMO")).then(VOLUME).otherwise(None)
    return (
        t["lineitem"]
        .filter(col("l_shipdate").is_between(date(1995, 9, 1), date(1995, 10, 1), closed="left"))
        .join(t["part"], left_on="l_partkey", right_on="p_partkey")
        .select((100.0 * promoted.sum() / VOLUME.sum()).alias("promo_revenue"))
    )


def q15(t, _):
    revenue = (
        t["lineitem"]
        .filter(col("l_shipdate").is_between(date(1996, 1, 1), date(1996, 4, 1), closed="left"))
        .group_by("l_suppkey")
        .agg(VOLUME.sum().alias("total_revenue"))
        .filter(col("total_revenue") == col("total_revenue").max())
    )
    return (
        t["supplier"]
        .join(revenue, left_on="s_suppkey", right_on="l_suppkey")
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16(t, _):
    complained = t["supplier"].filter(col("s_comment").str.contains("Customer.*Complaints"))
    return (
        t["part"]
        .filter(
            (col("p_brand") != "Brand#45")
            & ~col("p_type").str.starts_with("MEDIUM POLISHED")
            & col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9])
        )
        .join(t["partsupp"], left_on="p_partkey", right_on="ps_partkey")
        .join(complained, left_on="ps_suppkey", right_on="s_suppkey", how="anti")
        .group_by("p_brand", "p_type", "p_size")
        .agg(col("ps_suppkey").n_unique().alias("supplier_cnt"))
        .sort("supplier_cnt", "p_brand", "p_type", "p_size", descending=[True, False, False, False])
    )


def q17(t, _):
    lines = (
        t["part"]
        .filter((col("p_brand") == "Brand#23") & (col("p_container") == "MED BOX"))
        .join(t["lineitem"], left_on="p_partkey", right_on="l_partkey")
    )
    least = lines.group_by("p_partkey").agg((0.2 * real("l_quantity").mean()).alias("least"))
    return (
        lines.join(least, on="p_partkey")
        .filter(real("l_quantity") < col("least"))
        .select((col("l_extendedprice").sum().cast(pl.Float64) / 7.0).alias("avg_yearly"))
    )


def q18(t, _):
    large = t["lineitem"].group_by("l_orderkey").agg(col("l_quantity").sum().alias("sum_qty")).filter(col("sum_qty") > 300)
    return (
        t["orders"]
        .join(large, left_on="o_orderkey", right_on="l_orderkey")
        .join(t["customer"], left_on="o_custkey", right_on="c_custkey")
        .select("c_name", col("o_custkey").alias("c_custkey"), "o_orderkey", "o_orderdate", "o_totalprice", "sum_qty")
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
        .head(100)
    )


def q19(t, _):
    def kind(brand, containers, least, size):
        return (
            (col("p_brand") == brand)
            & col("p_container").is_in([f"{containers[0]} {what}" for what in containers[1:]])
            & (col("l_quantity") >= least)
            & (col("l_quantity") <= least + 10)
            & col("p_size").is_between(1, size)
        )

    return (
        t["lineitem"]
        .filter(col("l_shipmode").is_in(["AIR", "AIR REG"]) & (col("l_shipinstruct") == "DELIVER IN PERSON"))
        .join(t["part"], left_on="l_partkey", right_on="p_partkey")
        .filter(
            kind("Brand#12", ["SM", "CASE", "BOX", "PACK", "PKG"], 1, 5)
            | kind("Brand#23", ["MED", "BAG", "BOX", "PKG", "PACK"], 10, 10)
            | kind("Brand#34", ["LG", "CASE", "BOX", "PACK", "PKG"], 20, 15)
        )
        .select(VOLUME.sum().alias("revenue"))
    )


def q20(t, _):
    shipped = (
        t["lineitem"]
        .filter(col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"))
        .group_by("l_partkey", "l_suppkey")
        .agg((0.5 * col("l_quantity").sum().cast(pl.Float64)).alias("half"))
    )
    forest = t["part"].filter(col("p_name").str.starts_with("forest"))
    stock = (
        t["partsupp"]
        .join(forest, left_on="ps_partkey", right_on="p_partkey", how="semi")
        .join(shipped, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .filter(col("ps_availqty") > col("half"))
    )
    return (
        t["supplier"]
        .join(t["nation"].filter(col("n_name") == "CANADA"), left_on="s_nationkey", right_on="n_nationkey", how="semi")
        .join(stock, left_on="s_suppkey", right_on="ps_suppkey", how="semi")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21(t, _):
    late = t["lineitem"].filter(col("l_receiptdate") > col("l_commitdate"))
    several = t["lineitem"].group_by("l_orderkey").agg(col("l_suppkey").n_unique().alias("suppliers"))
    # The only late one among several.
    alone = late.group_by("l_orderkey").agg(col("l_suppkey").n_unique().alias("late")).filter(col("late") == 1)
    sellers = t["supplier"].join(
        t["nation"].filter(col("n_name") == "SAUDI ARABIA"), left_on="s_nationkey", right_on="n_nationkey", how="semi"
    )
    return (
        late.join(sellers, left_on="l_suppkey", right_on="s_suppkey")
        .join(t["orders"].filter(col("o_orderstatus") == "F"), left_on="l_orderkey", right_on="o_orderkey", how="semi")
        .join(several.filter(col("suppliers") > 1), on="l_orderkey", how="semi")
        .join(alone, on="l_orderkey", how="semi")
        .group_by("s_name")
        .agg(count().alias("numwait"))
        .sort("numwait", "s_name", descending=[True, False])
        .head(100)
    )


def q22(t, _):
    customers = (
        t["customer"]
        .with_columns(col("c_phone").str.slice(0, 2).alias("cntrycode"))
        .filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]))
    )
    mean = customers.filter(col("c_acctbal") > 0).select(real("c_acctbal").mean().alias("mean"))
    return (
        customers.join(t["orders"], left_on="c_custkey", right_on="o_custkey", how="anti")
        .join(mean, how="cross")
        .filter(real("c_acctbal") > col("mean"))
        .group_by("cntrycode")
        .agg(count().alias("numcust"), col("c_acctbal").sum().alias("totacctbal"))
        .sort("cntrycode")
    )


ALL = [q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, q11, q12, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22]
