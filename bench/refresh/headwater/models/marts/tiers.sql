/*---
description: Every tier that a customer has had.
materialize: scd2
key: [customer_id]
---*/
select
    customer_id,
    case when cents < 13000 then 'bronze' when cents < 15000 then 'silver' else 'gold' end as tier
from marts.customers
