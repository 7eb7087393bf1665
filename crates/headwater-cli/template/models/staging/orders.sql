/*---
description: Orders with the day on which they were placed.
materialize: view
---*/
select
    order_id,
    cast(ordered_at as date) as order_date,
    country,
    amount
from raw.orders
