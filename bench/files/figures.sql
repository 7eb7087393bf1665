select
  cast(count(*) as double precision) as row_count,
  cast(sum(l_orderkey) as double precision) as orders,
  cast(sum(l_quantity) as double precision) as quantity,
  cast(sum(l_extendedprice) as double precision) as price,
  cast(sum(l_discount) as double precision) as discount,
  cast(sum(length(l_comment)) as double precision) as letters,
  cast(count(distinct l_shipmode) as double precision) as modes,
  cast(sum(extract(year from cast(l_shipdate as date))) as double precision) as years,
  cast(sum(extract(day from cast(l_receiptdate as date))) as double precision) as days
from {lineitem}
