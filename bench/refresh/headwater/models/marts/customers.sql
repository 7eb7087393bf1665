/*---
description: One row per customer.
---*/
select customer_id, count(*) as orders, sum(cents) as cents, max(event_id) as last_id
from marts.sales
group by customer_id
