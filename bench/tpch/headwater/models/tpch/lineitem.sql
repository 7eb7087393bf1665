/*---
description: One row per line of an order.
cluster_by: [l_shipdate]
---*/
select * from raw.lineitem
