{{ config(materialized='incremental', incremental_strategy='append') }}
select
    events.event_id,
    events.at,
    events.customer_id,
    products.category,
    events.quantity,
    events.quantity * products.price as cents
from {{ source('raw', 'events') }} as events
join {{ source('raw', 'products') }} as products on products.product_id = events.product_id
{% if is_incremental() %}
where events.event_id > (select max(event_id) from {{ this }})
{% endif %}
