{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='customer_id') }}
select customer_id, count(*) as orders, sum(cents) as cents, max(event_id) as last_id
from {{ ref('sales') }}
{% if is_incremental() %}
where customer_id in (
    select customer_id from {{ ref('sales') }} where event_id > (select max(last_id) from {{ this }})
)
{% endif %}
group by customer_id
