/*---
description: One row per event, with its product's category and its worth.
---*/
select
    events.event_id,
    events.at,
    events.customer_id,
    products.category,
    events.quantity,
    events.quantity * products.price as cents
from raw.events as events
join raw.products as products on products.product_id = events.product_id
