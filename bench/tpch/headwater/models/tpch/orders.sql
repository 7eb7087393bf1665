/*---
description: One row per order.
cluster_by: [o_orderdate]
---*/
select * from raw.orders
